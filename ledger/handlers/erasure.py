"""Erasing a customer or vendor from the log, in one transaction: what stands of the money is compared before and after."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.errors import Rejected
from kit.ids import uuid7
from ledger.commands.erasure import EraseParty
from ledger.domain.derive import Derived, derive
from ledger.domain.erasure import Person, mentioned, own_id, without
from ledger.domain.events import OPERATOR
from ledger.domain.roles import Permission
from ledger.domain.rows import TABLES
from ledger.handlers.deciding import noted, party_row
from ledger.handlers.drain import terms_of
from ledger.handlers.registry import Context, handles
from ledger.store import erase, identities, readmodel
from ledger.views.erasure import ErasureView

_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('drain:' || $1::text, 0))"
# A replay that read a body before would put back afterwards what was erased from it.
_NO_REPLAY = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"
_WAKE = "INSERT INTO pending (business_id, id, subject, due_at) SELECT $1, u.*, $4 FROM unnest($2::uuid[], $3::uuid[]) u"
MONEY: Mapping[str, Sequence[str]] = {
    "invoices": (
        "id",
        "party_id",
        "number",
        "status",
        "issued_on",
        "due_on",
        "amount",
        "outstanding",
        "currency",
    ),
    "receipts": (
        "id",
        "party_id",
        "status",
        "arrived",
        "received_on",
        "amount",
        "refunded",
        "allocated",
        "currency",
    ),
    "allocations": ("receipt_id", "document_id", "kind", "amount"),
    "payables": (
        "id",
        "party_id",
        "number",
        "status",
        "issued_on",
        "due_on",
        "amount",
        "outstanding",
        "currency",
    ),
    "payouts": ("id", "party_id", "status", "paid_on", "amount", "allocated", "currency"),
    "cheques": ("id", "party_id", "status", "number", "dated_on", "amount", "currency"),
    "settlements": ("id", "status", "amount", "fee", "tax", "settled_on", "currency"),
}
"""What must stand as it stood: every amount and day, and whose it is."""


class _TakenBack(Exception):
    """Nothing was to be written."""


@handles(EraseParty, permission=Permission.ADMINISTER)
async def erase_party(command: EraseParty, ctx: Context) -> ErasureView:
    """Erase, compare what stands of the money, and keep it so; without `apply`, take it all back."""
    if not (reason := noted(command.reason)):
        raise Rejected("erase.reason", "Why is it erased?", remedy="Say who asked for it, and when.")
    party = await party_row(ctx, command.party_id)
    await ctx.tx.run(_ALONE, str(ctx.actor.business_id))
    if not await ctx.tx.value(_NO_REPLAY, f"replay:{ctx.actor.business_id}"):
        raise Rejected(
            "replay.running",
            "A replay is reading what was kept.",
            remedy="Wait until it is through; then erase again.",
        )
    made: ErasureView
    try:
        async with ctx.tx.savepoint():
            made, reason = await _erase(command, ctx, party["id"], reason)
            if not command.apply:
                raise _TakenBack
    except _TakenBack:
        return made
    counted = {"events": made.events, "bodies": made.bodies, "emptied": made.emptied, "texts": made.texts}
    ctx.audit("party.erased", f"party:{party['id']}", reason=reason, **counted)
    return made


async def _erase(command: EraseParty, ctx: Context, party: UUID, reason: str) -> tuple[ErasureView, str]:
    """Erase; the reason comes back without him, since it is kept."""
    tx, business = ctx.tx, ctx.actor.business_id
    names = await erase.names_of(tx, business, party)
    said = await erase.events_about(tx, business, party, names)
    person = await _person(ctx, party, names, said)
    his = {row["subject"] for row in said}
    told = await erase.bodies_that_tell_of(tx, business, person)
    brought = await erase.events_beside(tx, business, person, {*told, *_places(said, [])})
    mentions = [
        (row, row["external_id"], new)
        for row in brought
        if row["subject"] not in his and (new := mentioned(row["normalised"], person)) != row["normalised"]
    ]
    subjects = his | person.subjects | {row["subject"] for row, _, _ in mentions}
    if await erase.is_waiting(tx, business, subjects):
        raise Rejected(
            "erase.waiting",
            "Something about this party is being worked in just now.",
            remedy="Try again in a moment.",
        )
    terms = await terms_of(tx, business)
    scope = await identities.reach(tx, business, list(subjects))
    before = _money(derive((await identities.load(tx, business, scope)).values(), terms))
    changed = [
        (
            row,
            own_id(row["external_id"], row["subject"], person)
            if row["kind"] == "party"
            else row["external_id"],
            new,
        )
        for row in said
        if (new := without(row["source"], row["kind"], row["normalised"], person, subject=row["subject"]))
        != row["normalised"]
    ]
    changed += mentions
    places = dict.fromkeys(told) | _places(said, changed)
    await erase.rewrite_events(tx, business, changed)
    bodies, emptied = await erase.empty_bodies(tx, business, places, person, now=ctx.now)
    await erase.rename_files(tx, business, person, _attachments(said))
    texts = await erase.scrub_texts(tx, business, person) + await erase.drop_words(tx, business, person)
    await identities.refold(tx, business, subjects)
    scope |= await identities.reach(tx, business, list(subjects))
    found = await identities.load(tx, business, scope)
    await identities.drop_stale_keys(tx, business, list(subjects), found)
    after = derive(found.values(), terms)
    _check_unchanged(before, _money(after))
    written = await readmodel.write(tx, business, after, scope=scope, now=ctx.now)
    ctx.entries += written.changes.entries(ctx.actor.label)
    await tx.run(_WAKE, business, [uuid7() for _ in subjects], list(subjects), ctx.now)
    made = ErasureView(party, person.alias, len(changed), bodies, emptied, texts, command.apply)
    return made, person.scrub(reason)


def _places(
    said: Sequence[Any], changed: Sequence[tuple[Any, str, Mapping[str, Any]]]
) -> dict[tuple[str, bytes], Mapping[str, Any] | None]:
    """Return the raw bodies that he is in; beside those of people's decisions, what is left of the decision."""
    places: dict[tuple[str, bytes], Mapping[str, Any] | None] = {
        (row["source"], bytes(row["delivery"])): None for row in said if row["delivery"] is not None
    }
    for row, _, left in changed:
        if row["source"] == OPERATOR and row["delivery"] is not None:
            places[(OPERATOR, bytes(row["delivery"]))] = left
    return places | dict.fromkeys(_attachments(said))


def _attachments(said: Sequence[Any]) -> list[tuple[str, bytes]]:
    """Return what is kept with him: photos, files."""
    names = (row["normalised"].get("attachment") for row in said)
    return [(OPERATOR, bytes.fromhex(name)) for name in names if name]


async def _person(ctx: Context, party: UUID, names: Sequence[str], said: Sequence[Any]) -> Person:
    """Return who is to be taken out, with all that he is called and reached by in what was said."""
    subjects = await erase.identities_of(ctx.tx, ctx.actor.business_id, party)
    person = Person(f"Erased {party.hex[:8]}", subjects, os.urandom(16))
    for name in names:
        person.learn({"name": name})
    for row in said:
        data = row["normalised"]
        if row["kind"] == "party" and row["subject"] in subjects:
            person.learn(data)
        if person.names(row["source"], data.get("party")):
            person.learn(data["party"])
            if isinstance(data.get("payer"), dict):
                person.learn(data["payer"])
    return person


def _money(made: Derived) -> dict[str, set[tuple[Any, ...]]]:
    out = {}
    for table, columns in MONEY.items():
        names = TABLES[table][0]._fields
        places = [names.index(column) for column in columns]
        out[table] = {tuple(row[i] for i in places) for row in made.tables.get(table, [])}
    out["postings"] = {tuple(row) for row in made.postings}
    return out


def _check_unchanged(before: Mapping[str, set[Any]], after: Mapping[str, set[Any]]) -> None:
    differing = {
        table: len(before[table] ^ after[table]) for table in before if before[table] != after[table]
    }
    if differing:
        raise Rejected(
            "erase.changes_money",
            f"Money is matched by what would be erased ({', '.join(sorted(differing))}).",
            remedy="Set that money against its bills by hand first; then erase again.",
        )
