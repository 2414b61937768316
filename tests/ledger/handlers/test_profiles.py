"""Who parties are: people, addresses, owner, parent and branches as sources state them, and what held on a day."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from kit.errors import NotFound, Rejected
from kit.ids import uuid7
from ledger.commands import RebuildBusiness
from ledger.commands.attachments import AttachToParty, KeepAttachment
from ledger.commands.workflow import WithdrawDecision
from ledger.dispatch import Door
from ledger.domain.checks import check_event
from ledger.domain.roles import Actor, Role, system
from ledger.queries import Parties
from ledger.queries.profiles import KeptWith, PartyProfiles
from ledger.views.profiles import PartyProfile
from tests.ledger.handlers.test_tie_out import Teller

CRM, BOOKS = "crm:zoho_crm", "books:zoho_books"
JULY, NOVEMBER = datetime(2026, 7, 1, 4, tzinfo=UTC), datetime(2026, 11, 2, 4, tzinfo=UTC)
SUNITA = {"kind": "billing", "name": "Sunita Deshmukh", "email": "bills@narmada.example"}
IMRAN = {"kind": "technical", "name": "Imran", "phone": "+919800000013"}
GODOWN = {"kind": "shipping", "lines": "Plot 7, MIDC", "city": "Nashik", "pin": "422007"}
GSTIN = "27AACCN7777K1Z4"


async def ids_of(door: Door, actor: Actor) -> dict[str, UUID]:
    """Every party's id by its name."""
    return {row.name: row.id for row in (await door.query(Parties(), actor)).rows}


async def profile(door: Door, actor: Actor, party: UUID, on: date | None = None) -> PartyProfile:
    """One party's profile."""
    found: PartyProfile = (await door.query(PartyProfiles(on, (party,)), actor))[party]
    return found


async def test_people_addresses_terms_and_owner_hold_from_their_day_on(
    door: Door, business: UUID, owner: Actor, engine: AsyncEngine
) -> None:
    ravi = uuid7()
    async with transaction(engine, [business]) as tx:
        await tx.run(
            "INSERT INTO members (business_id, id, name, role, crm_owner) VALUES ($1, $2, 'Ravi', 'sales', 'ravi')",
            business,
            ravi,
        )
    teller = Teller(door, business)
    log = [
        teller.say(
            BOOKS,
            "party.upserted",
            "9",
            name="Narmada",
            gstin=GSTIN,
            terms_days=15,
            contacts=[SUNITA],
            at=JULY,
        ),
        teller.say(
            BOOKS,
            "party.upserted",
            "9",
            name="Narmada",
            gstin=GSTIN,
            terms_days=30,
            contacts=[SUNITA, IMRAN],
            addresses=[GODOWN],
            at=NOVEMBER,
        ),
        teller.say(CRM, "party.upserted", "1", name="Narmada Print", gstin=GSTIN, owner="ravi", at=JULY),
        teller.say(
            CRM, "party.upserted", "1", owner="asha", address="14 Press Lane", state="MH", at=NOVEMBER
        ),
    ]
    random.Random(7).shuffle(log)
    await teller.tell(*log)
    party = (await ids_of(door, owner))["Narmada"]
    now, then = await profile(door, owner, party), await profile(door, owner, party, date(2026, 10, 1))
    assert [(c.kind, c.name, c.source) for c in now.contacts] == [
        ("billing", "Sunita Deshmukh", BOOKS),
        ("technical", "Imran", BOOKS),
    ]
    assert [(c.name, c.since) for c in then.contacts] == [("Sunita Deshmukh", None)]
    assert [(a.kind, a.pin, a.lines, a.state, a.source) for a in now.addresses] == [
        ("shipping", "422007", "Plot 7, MIDC", None, BOOKS),
        ("other", None, "14 Press Lane", "MH", CRM),
    ]
    held = {one.name: (one.value, one.since, one.source) for one in now.attributes}
    assert held["terms_days"] == (30, date(2026, 11, 2), BOOKS)
    assert {one.name: one.value for one in then.attributes}["terms_days"] == 15
    assert now.owner is not None
    assert then.owner is not None
    assert (now.owner.key, now.owner.member_id, now.owner.since) == ("asha", None, date(2026, 11, 2))
    assert (then.owner.key, then.owner.member_id, then.owner.member_name) == ("ravi", ravi, "Ravi")
    assert (now.on, then.on) == (date(2026, 11, 20), date(2026, 10, 1))
    rebuilt = await door.execute(RebuildBusiness(), system(business, "test"))
    assert rebuilt.differing == {}


async def test_a_branch_knows_its_parent_whichever_came_first_and_only_who_may_sees_it(
    door: Door, business: UUID, owner: Actor
) -> None:
    teller = Teller(door, business)
    await teller.tell(
        teller.say(CRM, "party.upserted", "2", name="Narmada Pune", parent="1", owner="ravi"),
        teller.say(CRM, "party.upserted", "3", name="Narmada Goa", parent="1", owner="asha"),
        teller.say(CRM, "party.upserted", "4", name="Own parent", parent="4"),
    )
    await teller.tell(teller.say(CRM, "party.upserted", "1", name="Narmada Group", owner="asha"))
    ids = await ids_of(door, owner)
    pune, group = ids["Narmada Pune"], ids["Narmada Group"]
    assert (await profile(door, owner, pune)).parent_id == group
    assert (await profile(door, owner, group)).branches == (ids["Narmada Goa"], pune)
    assert (await profile(door, owner, ids["Own parent"])).parent_id is None
    ravi = Actor(business, Role.SALES, "Ravi", member_id=uuid7(), owner_key="ravi")
    seen = await door.query(PartyProfiles(None, tuple(ids.values())), ravi)
    assert list(seen) == [pune]
    assert (seen[pune].parent_id, seen[pune].branches) == (None, ())
    asha = Actor(business, Role.SALES, "Asha", member_id=uuid7(), owner_key="asha")
    assert (await door.query(PartyProfiles(None, (group,)), asha))[group].branches == (ids["Narmada Goa"],)
    await teller.tell(teller.say(CRM, "party.upserted", "2", parent="3", at=NOVEMBER))
    assert (await profile(door, owner, pune)).parent_id == ids["Narmada Goa"]
    assert (await profile(door, owner, pune, date(2026, 10, 2))).parent_id == group
    assert (await door.execute(RebuildBusiness(), system(business, "test"))).differing == {}


async def test_two_records_of_one_party_are_no_branches_of_each_other(
    door: Door, business: UUID, owner: Actor
) -> None:
    teller = Teller(door, business)
    await teller.tell(
        teller.say(CRM, "party.upserted", "1", name="Narmada", gstin=GSTIN),
        teller.say(CRM, "party.upserted", "2", name="Narmada Pune", gstin=GSTIN, parent="1"),
    )
    (party,) = (await ids_of(door, owner)).values()
    found = await profile(door, owner, party)
    assert (found.parent_id, found.branches) == (None, ())


async def test_what_is_kept_with_a_party_is_listed_until_it_is_taken_back(
    door: Door, business: UUID, owner: Actor
) -> None:
    teller = Teller(door, business)
    await teller.tell(teller.say(CRM, "party.upserted", "1", name="Narmada", owner="ravi"))
    (party,) = (await ids_of(door, owner)).values()
    kept = await door.execute(KeepAttachment(b"\x89PNG", "image/png", "cheque.png"), owner)
    told = await door.execute(AttachToParty(party, kept, "his cheque"), owner)
    await teller.drain()
    (thing,) = await door.query(KeptWith(party), owner)
    assert (thing.id, thing.media_type, thing.filename, thing.text, thing.author) == (
        kept,
        "image/png",
        "cheque.png",
        "his cheque",
        "Ramesh",
    )
    asha = Actor(business, Role.SALES, "Asha", member_id=uuid7(), owner_key="asha")
    with pytest.raises(NotFound):
        await door.query(KeptWith(party), asha)
    await door.execute(WithdrawDecision(told.id), owner)
    assert await door.query(KeptWith(party), owner) == ()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("contacts", [{"kind": "friend", "name": "A"}], "event.field_range"),
        ("contacts", [{"name": "A"}], "event.field_missing"),
        ("contacts", [{"kind": "billing", "fax": "1"}], "event.field_unknown"),
        ("addresses", [{"kind": "office", "city": "Pune"}], "event.field_range"),
        ("addresses", {"kind": "billing"}, "event.field_type"),
        ("parent", 7, "event.field_type"),
    ],
)
def test_what_a_source_says_of_people_and_places_is_checked(field: str, value: object, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        check_event("party.upserted", {"name": "A", field: value})
    assert refused.value.code == code
