"""Commands about bearer tokens for GraphQL."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape

from kit.errors import NotFound, Rejected
from kit.settings import settings
from ledger.commands.tokens import TOKEN_DAYS, CreateToken, RevokeToken, RotateToken
from ledger.domain.tokens import token_id
from ledger.queries.tokens import Tokens
from ledger.views.tokens import TokenView
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_people import find_member
from workers.cli_session import Chosen, Session, choose, run

token = typer.Typer(help="Tokens for GraphQL.", no_args_is_help=True)
Which = Annotated[str, typer.Argument(help="The token: its id, its last characters, or its label.")]


@token.command("create")
@told
def create_token(
    name: Annotated[str, typer.Argument(help="The member whose rights it carries: name or id.")],
    label: Annotated[str, typer.Option(help="What it is for.")],
    business: Business = None,
    days: Annotated[int, typer.Option(help="Valid for so many days.")] = TOKEN_DAYS,
    read_only: Annotated[bool, typer.Option("--read-only", help="It tells no command.")] = False,
    permission: Annotated[
        list[str] | None, typer.Option(help="Only this permission of its member; may be repeated.")
    ] = None,
    customers_of: Annotated[
        str | None, typer.Option(help="Only the customers of this sales owner, as the CRM names him.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a bearer token for GraphQL. It is shown once; we keep its hash."""

    async def work(session: Session) -> dict[str, Any]:
        chosen = await choose(session, business)
        found = await find_member(session.door, chosen, name)
        command = CreateToken(
            found.id,
            label,
            days,
            read_only=read_only,
            permissions=tuple(permission) if permission else None,
            customers_of=customers_of,
        )
        made: str = await session.door.execute(command, chosen.clerk)
        return {"id": token_id(made), "member": found.id, "label": label, "token": made}

    _show_made(run(work), as_json=as_json)


@token.command("rotate")
@told
def rotate_token(
    which: Which,
    business: Business = None,
    keep: Annotated[int, typer.Option(help="So many hours the old one works on.")] = 24,
    as_json: AsJson = False,
) -> None:
    """Make a token in place of another, with the same rights and as long a life."""

    async def work(session: Session) -> dict[str, Any]:
        chosen = await choose(session, business)
        old = await _found(session, chosen, which)
        made: str = await session.door.execute(RotateToken(old.id, keep), chosen.clerk)
        return {"id": token_id(made), "member": old.member_id, "label": old.label, "token": made}

    _show_made(run(work), as_json=as_json)


@token.command("revoke")
@told
def revoke_token(which: Which, business: Business = None, as_json: AsJson = False) -> None:
    """Let a token work no longer, at once."""

    async def work(session: Session) -> TokenView:
        chosen = await choose(session, business)
        old = await _found(session, chosen, which)
        gone: TokenView = await session.door.execute(RevokeToken(old.id), chosen.clerk)
        return gone

    view = run(work)
    show(
        dataclasses.asdict(view),
        as_json=as_json,
        human=lambda: say(f"[bold]{escape(view.label)}[/] …{view.hint} is revoked."),
    )


@token.command("list")
@told
def list_tokens(business: Business = None, as_json: AsJson = False) -> None:
    """List the tokens: what each may, until when, and when it was used last."""

    async def work(session: Session) -> list[dict[str, Any]]:
        chosen = await choose(session, business)
        return [dataclasses.asdict(one) for one in await session.door.query(Tokens(), chosen.clerk)]

    rows = run(work)
    show(
        rows,
        as_json=as_json,
        human=lambda: table(
            ("label", "token", "member", "may", "until", "last used", ""),
            [_row(row) for row in rows],
            empty='None yet. munshi token create "Name" --label "What for"',
        ),
    )


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    may = ["reads only"] if row["read_only"] else []
    if row["customers_of"]:
        may.append(f"customers of {row['customers_of']}")
    may.append(f"{len(row['permissions'])} permissions")
    state = "" if row["status"] == "live" else row["status"]
    return (
        row["label"],
        f"…{row['hint']}",
        row["member_name"],
        ", ".join(may),
        _day(row["expires_at"]),
        _day(row["last_used_at"]),
        state,
    )


def _day(at: datetime | None) -> str:
    return at.date().isoformat() if at is not None else ""


async def _found(session: Session, chosen: Chosen, wanted: str) -> TokenView:
    """Return the one token that is meant; of those with one label, only one that works may be."""
    listed: tuple[TokenView, ...] = await session.door.query(Tokens(), chosen.clerk)
    found = [one for one in listed if wanted.removeprefix("…") in (one.hint, str(one.id))]
    found = found or [one for one in listed if one.label == wanted and one.status == "live"]
    if not found:
        raise NotFound(
            "token.not_found", f"There is no token {wanted[:60]!r}.", remedy="See munshi token list."
        )
    if len(found) > 1:
        raise Rejected("token.which", f"{len(found)} tokens are {wanted[:60]!r}.", remedy="Give the id.")
    return found[0]


def _show_made(result: dict[str, Any], *, as_json: bool) -> None:
    def human() -> None:
        say(f"[bold]{escape(result['token'])}[/]")
        say(f"Send it as `Authorization: Bearer …` to {settings().public_url}/graphql. It isn't shown again.")

    assert isinstance(result["id"], UUID)
    show(result, as_json=as_json, human=human)
