"""The command line: `munshi`. Every command goes through the same doors as the chat and GraphQL."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from pydantic import ValidationError
from rich.markup import escape

from ingest.schema import published_schema
from kit.collector import spare_the_collector
from kit.embedded import APPLICATION_ROLE
from kit.errors import Rejected
from kit.settings import settings, wrong_settings
from ledger.commands import SweepBusiness
from ledger.commands.forecast import RefreshExpectations
from ledger.store.migrate import upgrade
from workers import (
    cli_audit,
    cli_cash,
    cli_columns,
    cli_erase,
    cli_forecast,
    cli_msmed,
    cli_parties,
    cli_people,
    cli_pulled,
    cli_quarantine,
    cli_reminders,
    cli_replay,
    cli_rules,
    cli_sources,
    cli_tds,
    cli_tie_out,
    cli_to_enter,
    cli_tokens,
    cli_webhooks,
)
from workers.cli_output import AsJson, Business, say, show, told
from workers.cli_session import Session, choose, run
from workers.migration import migrate_embedded, set_password
from workers.new_connector import new_connector
from workers.tally_agent.command import tally_agent

app = typer.Typer(
    name="munshi",
    help="The clerk in a small firm's pocket: who owes me, when will they pay, what do I owe this week.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
)
app.command("init")(cli_people.init)
app.add_typer(cli_people.business, name="business")
app.add_typer(cli_people.member, name="member")
app.add_typer(cli_tokens.token, name="token")
app.command("link")(cli_people.link)
app.add_typer(cli_webhooks.webhook, name="webhook")
app.add_typer(cli_sources.source, name="source")
cli_sources.source.command("columns")(cli_columns.columns)
app.command("import")(cli_sources.import_)
app.command("template")(cli_sources.template)
app.command("to-enter")(cli_to_enter.to_enter)
app.command("tds")(cli_tds.tds)
app.command("cash")(cli_cash.cash)
app.add_typer(cli_cash.dues, name="dues")
app.command("pay-details")(cli_reminders.pay_details)
app.add_typer(cli_msmed.msmed, name="msmed")
app.command("new-connector")(new_connector)
app.command("tally-agent")(tally_agent)
app.command("replay")(cli_replay.replay)
app.command("rebuild")(cli_replay.rebuild)
app.add_typer(cli_quarantine.quarantine, name="quarantine")
app.add_typer(cli_parties.parties, name="parties")
app.command()(cli_erase.erase)
app.add_typer(cli_rules.rules, name="rules")
app.add_typer(cli_pulled.secrets, name="secrets")
app.command("tie-out")(cli_tie_out.tie_out)
app.command("close-period")(cli_tie_out.close_period)
app.add_typer(cli_forecast.forecast, name="forecast")
app.add_typer(cli_audit.audit, name="audit")


@app.command()
def demo() -> None:
    """Run everything with a sample firm that keeps trading, and a chat in the browser."""
    _become("workers.up", "--demo")


@app.command()
def up() -> None:
    """Run everything for your own business: servers, api, worker, scheduler, bot."""
    _become("workers.up")


def _become(module: str, *arguments: str) -> None:
    # A fresh, small program in place of this one: it stays for days.
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606  ourselves


@app.command()
@told
def migrate(as_json: AsJson = False) -> None:
    """Bring the database to the present schema, with roles and row-level security."""
    config = settings()
    if config.admin_database_url:
        upgrade(config.admin_database_url)
        login = urlsplit(config.database_url)
        if login.username == APPLICATION_ROLE and login.password:
            set_password(config.admin_database_url, APPLICATION_ROLE, login.password)
    elif config.database_url:
        raise Rejected(
            "migrate.no_admin",
            "DATABASE_URL is set, but not ADMIN_DATABASE_URL.",
            remedy="Set it to the owner of the schema; the application's role can't change tables.",
        )
    else:
        migrate_embedded()
    show({"migrated": True}, as_json=as_json, human=lambda: say("The database is at the present schema."))


@app.command()
@told
def sweep(business: Business = None, as_json: AsJson = False) -> None:
    """Judge everything by every rule now, as every morning."""

    async def work(session: Session) -> dict[str, Any]:
        chosen = await choose(session, business)
        changed = await session.door.execute(SweepBusiness(), chosen.clerk)
        await session.door.execute(RefreshExpectations(), chosen.clerk)
        return {"business": chosen.name, "changed": changed}

    result = run(work)
    show(
        result,
        as_json=as_json,
        human=lambda: say(f"{result['changed']} questions opened, changed or cleared."),
    )


@app.command()
@told
def schema(
    file: Annotated[Path | None, typer.Argument(help="Where to write it; without it, it is printed.")] = None,
) -> None:
    """Print the JSON Schema of standard events, which any tool may send."""
    body = published_schema()
    if file is None:
        sys.stdout.write(body.decode())
        return
    file.write_bytes(body)
    say(f"Written to {escape(str(file))}.")


def main() -> None:
    """Run the command line (a wrong environment variable is named, not thrown)."""
    try:
        settings()
    except ValidationError as error:
        raise SystemExit(f"A setting is wrong: {wrong_settings(error)}") from None
    spare_the_collector()
    app()


if __name__ == "__main__":
    main()
