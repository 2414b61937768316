"""Commands about businesses, their people and their chats."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape

from bot.address import ask_name, start_link
from kit.errors import NotFound, Rejected
from kit.ids import uuid7
from ledger.commands import AddBusiness, AddMember, CreateLinkCode
from ledger.commands.people import ChangeMember, LimitMembership, RemoveMember
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.queries import Members
from ledger.views import MemberView
from workers.cli_output import AsJson, Business, say, show, table, told
from workers.cli_session import CLERK, Chosen, Session, business_names, choose, run

business = typer.Typer(help="Businesses.", no_args_is_help=True)
member = typer.Typer(help="The people of a business.", no_args_is_help=True)

Language = Annotated[str, typer.Option(help="en or hi: what the chat speaks.")]
Until = Annotated[
    str | None,
    typer.Option(help="The last day of the membership, such as an accountant's: 2027-03-31, or never."),
]
DigestAt = Annotated[str, typer.Option(help="Local hour of the morning digest, or none.")]


@business.command("add")
@told
def add_business(
    name: Annotated[str, typer.Argument(help="What the firm is called.")],
    owner: Annotated[str | None, typer.Option(help="The owner's name; he gets a code for his chat.")] = None,
    timezone: Annotated[str, typer.Option(help="Whose calendar counts.")] = "Asia/Kolkata",
    currency: Annotated[str, typer.Option(help="ISO 4217 code of its books.")] = "INR",
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Found a business, with its owner if he is named."""
    _found(name, owner, timezone=timezone, currency=currency, language=language, as_json=as_json)


@told
def init(
    name: Annotated[str, typer.Argument(help="What the firm is called.")],
    owner: Annotated[str, typer.Option(help="The owner's name.")],
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """From nothing to an owner in the chat: the database, the firm, its owner, and the link that he opens."""
    _found(name, owner, timezone="Asia/Kolkata", currency="INR", language=language, as_json=as_json)


def _found(
    name: str, owner: str | None, *, timezone: str, currency: str, language: str, as_json: bool
) -> None:
    async def work(session: Session) -> dict[str, Any]:
        made = uuid7()
        clerk = system(made, CLERK)
        await session.door.execute(AddBusiness(made, name, timezone, currency), clerk)
        result: dict[str, Any] = {"id": made, "name": name}
        if owner is not None:
            person = await session.door.execute(AddMember(name=owner, role="owner", language=language), clerk)
            result["owner"] = {"id": person, "name": owner, **await _code(session, clerk, person)}
        return result

    result = run(work)

    def human() -> None:
        say(f"[bold]{escape(name)}[/] is founded ({result['id']}).")
        if "owner" in result:
            _tell_code(owner or "", result["owner"])
        else:
            say('Next: munshi member add "Name" --role owner')

    show(result, as_json=as_json, human=human)


async def _code(session: Session, clerk: Actor, member: UUID, *, minutes: int = 60 * 24) -> dict[str, Any]:
    """Make a code, with the link that hands it over where the bot's address is known."""
    code = await session.door.execute(CreateLinkCode(member, valid_minutes=minutes), clerk)
    await ask_name()
    return {"code": code, "link": start_link(code)}


@business.command("list")
@told
def list_businesses(as_json: AsJson = False) -> None:
    """List the businesses."""

    async def work(session: Session) -> list[dict[str, Any]]:
        return [{"id": key, "name": name} for key, name in (await business_names(session.door)).items()]

    rows = run(work)
    show(
        rows,
        as_json=as_json,
        human=lambda: table(
            ("id", "name"), [tuple(r.values()) for r in rows], empty="There is no business yet."
        ),
    )


@member.command("add")
@told
def add_member(
    name: Annotated[str, typer.Argument(help="The person's name.")],
    role: Annotated[str, typer.Option(help="owner, finance, sales or view.")],
    business: Business = None,
    language: Language = "en",
    digest_at: DigestAt = "08:30",
    crm_owner: Annotated[str | None, typer.Option(help="A sales rep's identity in the CRM.")] = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Add a person with a role, and give the code that links his chat."""
    at = _hour(digest_at)

    async def work(session: Session) -> dict[str, Any]:
        chosen = await choose(session, business)
        command = AddMember(name, role, language, at, crm_owner, until=_day(until))
        person = await session.door.execute(command, chosen.clerk)
        code = await _code(session, chosen.clerk, person)
        return {"id": person, "name": name, "role": role, **code}

    result = run(work)
    show(result, as_json=as_json, human=lambda: _tell_code(name, result))


def _day(text: str | None) -> date | None:
    if text is None or text == "never":
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Rejected(
            "member.until", f"{text[:20]!r} is not a day.", remedy="Write one like 2027-03-31, or never."
        ) from None


def _hour(text: str) -> time | None:
    if text == "none":
        return None
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Rejected(
            "member.digest_at", f"{text[:20]!r} is not an hour.", remedy="Write one like 08:30, or none."
        ) from None


@member.command("list")
@told
def list_members(business: Business = None, as_json: AsJson = False) -> None:
    """List the people."""

    async def work(session: Session) -> list[dict[str, Any]]:
        chosen = await choose(session, business)
        found = await session.door.query(Members(), chosen.clerk)
        return [
            {
                "id": m.id,
                "name": m.name,
                "role": m.role,
                "language": m.language,
                "linked": m.linked,
                "active": m.active,
                "until": m.until,
            }
            for m in found
        ]

    rows = run(work)
    show(
        rows,
        as_json=as_json,
        human=lambda: table(
            ("id", "name", "role", "language", "chat", "until"),
            [
                (
                    r["id"],
                    r["name"],
                    r["role"],
                    r["language"],
                    "linked" if r["linked"] else "",
                    r["until"] or "",
                )
                for r in rows
            ],
            empty='Nobody yet. munshi member add "Name" --role owner',
        ),
    )


@member.command("remove")
@told
def remove_member(
    name: Annotated[str, typer.Argument(help="The member's name or id.")],
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Let a member go: chat, codes and tokens stop working; what was noted and decided stays."""

    async def work(session: Session) -> dict[str, Any]:
        chosen = await choose(session, business)
        found = await find_member(session.door, chosen, name)
        gone: MemberView = await session.door.execute(RemoveMember(found.id), chosen.clerk)
        return {"id": gone.id, "name": gone.name, "active": gone.active}

    result = run(work)
    show(result, as_json=as_json, human=lambda: say(f"[bold]{escape(result['name'])}[/] is removed."))


@member.command("change")
@told
def change_member(
    name: Annotated[str, typer.Argument(help="The member's name or id.")],
    business: Business = None,
    role: Annotated[str | None, typer.Option(help="owner, finance, sales or view.")] = None,
    rename: Annotated[str | None, typer.Option(help="What he is called from now on.")] = None,
    crm_owner: Annotated[
        str | None, typer.Option(help="A sales rep's identity in the CRM; empty: none.")
    ] = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Change a member's role, name, CRM identity or last day."""

    async def work(session: Session) -> dict[str, Any]:
        chosen = await choose(session, business)
        found = await find_member(session.door, chosen, name)
        command = ChangeMember(found.id, name=rename, role=role, crm_owner=crm_owner)
        now: MemberView = await session.door.execute(command, chosen.clerk)
        if until is not None:
            now = await session.door.execute(LimitMembership(found.id, _day(until)), chosen.clerk)
        return {
            "id": now.id,
            "name": now.name,
            "role": now.role,
            "crm_owner": now.crm_owner,
            "until": now.until,
        }

    result = run(work)
    show(
        result,
        as_json=as_json,
        human=lambda: say(f"[bold]{escape(result['name'])}[/] is {result['role']} now."),
    )


@told
def link(
    name: Annotated[str, typer.Argument(help="The member's name or id.")],
    business: Business = None,
    minutes: Annotated[int, typer.Option(help="How long the code is good for.")] = 60 * 24,
    as_json: AsJson = False,
) -> None:
    """Make a one-time code by which a member links his chat."""

    async def work(session: Session) -> dict[str, Any]:
        chosen = await choose(session, business)
        found = await find_member(session.door, chosen, name)
        code = await _code(session, chosen.clerk, found.id, minutes=minutes)
        return {"member": found.id, "name": found.name, **code, "minutes": minutes}

    result = run(work)
    show(result, as_json=as_json, human=lambda: _tell_code(result["name"], result))


async def find_member(door: Door, chosen: Chosen, wanted: str) -> MemberView:
    """Return the one member of this name or id; NotFound or Rejected where it isn't one."""
    members: tuple[MemberView, ...] = await door.query(Members(), chosen.clerk)
    found = [
        m for m in members if m.active and (_is_id(wanted, m.id) or m.name.casefold() == wanted.casefold())
    ]
    if not found:
        raise NotFound(
            "member.unknown", f"Nobody is called {wanted[:60]!r} here.", remedy="See munshi member list."
        )
    if len(found) > 1:
        raise Rejected(
            "member.which", f"{len(found)} people are called {wanted[:60]!r}.", remedy="Give the id."
        )
    return found[0]


def _is_id(text: str, value: UUID) -> bool:
    return text.lower() == str(value)


def _tell_code(name: str, made: Mapping[str, Any]) -> None:
    if made["link"]:
        say(f"[bold]{escape(name)}[/] opens this on the phone, once: [bold green]{escape(made['link'])}[/]")
    say(f"[bold]{escape(name)}[/] sends this code to the chat, once: [bold green]{escape(made['code'])}[/]")
