"""Commands about what could not be read: what it is, what changed in its shape, and setting it aside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape

from kit.errors import Rejected
from ledger.commands import SetAside
from ledger.queries import Quarantine, QuarantinedPart, Sources
from ledger.views import NewMemberView, QuarantinePage, QuarantineView, SourceView
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import Session, choose, run

quarantine = typer.Typer(
    help="What could not be read: kept raw, and read again when it can be.", no_args_is_help=True
)
_SHOWN = 60

Source = Annotated[str | None, typer.Option("--source", "-s", help="Only this source's.")]
Code = Annotated[str | None, typer.Option("--code", help="Only with this code.")]


@quarantine.command("list")
@told
def list_parts(
    source: Source = None,
    code: Code = None,
    status: Annotated[str, typer.Option(help="open, resolved or all.")] = "open",
    first: Annotated[int, typer.Option(help="So many of the newest, 1 to 200.")] = 50,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """List what could not be read, newest first."""

    async def work(session: Session) -> QuarantinePage:
        chosen = await choose(session, business)
        question = Quarantine(status=status, source=source, code=code, first=first)
        page: QuarantinePage = await session.door.query(question, chosen.clerk)
        return page

    page = run(work)

    def human() -> None:
        table(
            ("id", "source", "came", "where", "code", "what is the matter"),
            [
                (p.id, p.source, _moment(p.received_at), p.place or "all of it", p.code, _cut(p.reason))
                for p in page.rows
            ],
            empty="Everything could be read.",
        )
        if page.rows:
            say(f"{page.open_count:,} open in all. What changed in one: munshi quarantine show ID")

    show(
        {"open": page.open_count, "parts": [_plain(p) for p in page.rows], "more": page.more},
        as_json=as_json,
        human=human,
    )


@quarantine.command("show")
@told
def show_part(
    part: Annotated[str, typer.Argument(help="Its id, from munshi quarantine list.")],
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Show one part: where it stands, what is the matter, and how its shape differs from what is accepted."""
    key = _id(part)

    async def work(session: Session) -> QuarantineView:
        chosen = await choose(session, business)
        found: QuarantineView = await session.door.query(QuarantinedPart(key), chosen.clerk)
        return found

    found = run(work)

    def human() -> None:
        say(
            f"[bold]{escape(found.source)}[/] · {escape(found.filename or found.via)} · {_moment(found.received_at)}"
        )
        say(f"{escape(found.place or 'all of it')}: {escape(found.reason)} ({escape(found.code)})")
        for line in difference_in_words(found.diff):
            say(escape(line))
        if found.resolution:
            say(f"Settled: {escape(found.resolution.replace('_', ' '))}")

    show(_plain(found), as_json=as_json, human=human)


@quarantine.command("set-aside")
@told
def set_aside(
    parts: Annotated[list[str] | None, typer.Argument(help="Ids, from munshi quarantine list.")] = None,
    source: Source = None,
    code: Code = None,
    note: Annotated[str | None, typer.Option(help="A remark for the audit trail.")] = None,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Settle parts without reading them, by id or by source; their raw bodies are kept."""
    command = SetAside(ids=tuple(_id(part) for part in parts or ()), source=source, code=code, note=note)

    async def work(session: Session) -> int:
        chosen = await choose(session, business)
        count: int = await session.door.execute(command, chosen.clerk)
        await session.settle(chosen.business)
        return count

    count = run(work)
    show({"parts": count}, as_json=as_json, human=lambda: say(f"{count:,} set aside."))


@quarantine.command("new")
@told
def new_members(source: Source = None, business: Business = None, as_json: AsJson = False) -> None:
    """List members that are new in what sources send: noted, read past, and refused by nobody."""

    async def work(session: Session) -> tuple[SourceView, ...]:
        chosen = await choose(session, business)
        found: tuple[SourceView, ...] = await session.door.query(Sources(), chosen.clerk)
        return found

    noted = [
        (one.name, member) for one in run(work) if source in (None, one.name) for member in one.new_members
    ]
    show(
        [{"source": name, **{key: getattr(m, key) for key in NewMemberView.__slots__}} for name, m in noted],
        as_json=as_json,
        human=lambda: table(
            ("source", "version", "member", "kind", "first seen"),
            [(name, m.version, m.path, m.kind, _moment(m.first_seen_at)) for name, m in noted],
            empty="Nothing is new in what the sources send.",
        ),
    )


def difference_in_words(diff: Mapping[str, Any] | None) -> list[str]:
    """Say line by line how a body differs from the accepted ones."""
    if diff is None:
        return []
    said = []
    if diff.get("event"):
        said.append(
            f"It calls itself {diff['event']}{', which is not known' if diff.get('unknown') else ''}."
        )
    said += [f"missing  {path}" for path in diff.get("missing", ())]
    said += [f"new      {path}" for path in diff.get("new", ())]
    said += [f"changed  {r['path']}: was {r['was']}, is {r['now']}" for r in diff.get("retyped", ())]
    if diff.get("more"):
        said.append(f"… and {diff['more']} more")
    return said


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Rejected(
            "quarantine.id", f"{text[:40]!r} is no id.", remedy="Copy it from munshi quarantine list."
        ) from None


def _moment(at: datetime) -> str:
    return at.astimezone().strftime("%d %b %H:%M")


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _plain(part: QuarantineView) -> dict[str, Any]:
    return {name: getattr(part, name) for name in QuarantineView.__slots__}
