"""Which input an error is about: `extensions.field`, as in `input.lines[2].amount`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from strawberry.utils.str_converters import to_camel_case

from graph.ids import split_id
from kit.errors import MunshiError, NotFound, Rejected

_DEEPEST = 6
_INPUT = "input"

FIELDS: Mapping[str, tuple[str, ...]] = {
    "allocation.sum": ("lines",),
    "allocation.too_many": ("lines",),
    "allocation.whose": ("party_id",),
    "amount.not_positive": ("amount", "up_to"),
    "answer.not_possible": ("answer",),
    "answer.unknown": ("answer",),
    "attachment.empty": ("content",),
    "attachment.media_type": ("media_type",),
    "attachment.not_found": ("attachment",),
    "attachment.too_large": ("content",),
    "backfill.period": ("since",),
    "backfill.streams": ("streams",),
    "call.outcome": ("outcome",),
    "call.promise": ("promised_on",),
    "cheque.day": ("dated_on",),
    "cheque.kept_elsewhere": ("cheque_id",),
    "cheque.not_found": ("cheque_id",),
    "cheque.number": ("number",),
    "cheque.post_dated": ("on",),
    "columns.fingerprint": ("fingerprint",),
    "columns.invalid": ("columns",),
    "columns.none_waiting": ("source",),
    "columns.too_many": ("source",),
    "conflict.not_found": ("conflict_id",),
    "conflict.snooze_until": ("until",),
    "connector.unknown": ("connector", "name"),
    "content.base64": ("content",),
    "decision.not_found": ("decision_id",),
    "deduction.kind": ("kind",),
    "deduction.limit": ("amount",),
    "deduction.not_found": ("claim_id",),
    "deduction.undecided": ("claim_id",),
    "due.amount": ("amount",),
    "due.day": ("day",),
    "due.id": ("due_id", "id"),
    "due.kind": ("kind",),
    "due.months": ("months",),
    "due.name": ("name",),
    "due.not_found": ("due_id", "id"),
    "due.not_proposed": ("key",),
    "due.payee": ("payee",),
    "due.until": ("until",),
    "erase.reason": ("reason",),
    "event.unknown_type": ("event_type",),
    "file.empty": ("content",),
    "file.not_understood": ("content",),
    "file.too_large": ("content",),
    "file.unknown_source": ("source",),
    "firm.address": ("address",),
    "firm.gstin": ("gstin",),
    "firm.holidays": ("holidays",),
    "firm.round_off_limit": ("round_off_limit",),
    "habit.unknown": ("habit",),
    "idempotency.key": ("idempotency_key",),
    "idempotency.reused": ("idempotency_key",),
    "invoice.not_found": ("invoice_id",),
    "learn.unknown": ("learn",),
    "ledgers.invalid": ("input",),
    "link_code.validity": ("valid_minutes",),
    "mapping.status_unknown": ("status",),
    "mapping.word_missing": ("word",),
    "member.digest_at": ("digest_at",),
    "member.language": ("language",),
    "member.last_owner": ("role", "member_id"),
    "member.may_not_answer": ("member_id",),
    "member.role": ("role",),
    "member.unknown": ("member_id",),
    "money.kind": ("kind",),
    "msmed.kind": ("kind",),
    "msmed.rate": ("hundredths",),
    "msmed.rate_day": ("begins",),
    "msmed.registered_on": ("registered_on",),
    "msmed.trader": ("activity",),
    "name.invalid": ("name", "label"),
    "note.empty": ("text", "note"),
    "note.too_long": ("note", "text", "reason"),
    "party.no_such_name": ("external_id",),
    "party.not_found": ("party_id",),
    "parties.nothing_to_part": ("party_id",),
    "parties.same": ("other_id",),
    "pay.account": ("account",),
    "pay.ifsc": ("ifsc",),
    "pay.phone": ("phone",),
    "pay.upi_id": ("upi_id",),
    "payment.cheque": ("payment_id",),
    "payment.day": ("paid_on",),
    "payment.method": ("method",),
    "payment.not_found": ("payment_id",),
    "payment.number": ("number",),
    "period.not_closed": ("until",),
    "period.not_over": ("until",),
    "period.note": ("note",),
    "promise.amount": ("amount",),
    "promise.day": ("on",),
    "quarantine.too_many": ("ids",),
    "receipt.not_found": ("receipt_id",),
    "receipt.not_here": ("receipt_id",),
    "refund.too_much": ("amount",),
    "reminder.language": ("language",),
    "reminder.nothing_to_ask": ("party_id",),
    "rule.invalid": ("text",),
    "rule.not_own": ("rule",),
    "rule.place": ("place",),
    "rule.reason": ("reason",),
    "rule.same": ("text", "version"),
    "rule.too_many": ("text",),
    "rule.too_much": ("text",),
    "rule.unknown": ("rule",),
    "rule.version": ("version",),
    "setoff.day": ("on",),
    "setoff.too_much": ("amount",),
    "settings.alert": ("kind",),
    "settings.hour": ("at", "start"),
    "settings.picture": ("theme",),
    "source.address": ("settings",),
    "source.credentials": ("credentials",),
    "source.exists": ("name",),
    "source.label": ("label",),
    "source.name": ("name",),
    "source.no_api": ("name",),
    "source.no_write_back": ("write_back",),
    "source.off": ("name",),
    "source.secret": ("secret",),
    "source.setting": ("settings",),
    "source.setting_missing": ("settings",),
    "source.silence_hours": ("settings",),
    "source.streams": ("settings",),
    "source.unknown": ("name", "source"),
    "stream.unknown": ("streams",),
    "time.naive": ("until", "since"),
    "token.customers_of": ("customers_of",),
    "token.ended": ("token_id",),
    "token.overlap": ("keep_hours",),
    "token.too_many": ("member_id",),
    "token.validity": ("valid_days",),
    "vendor.kind": ("kind",),
    "webhook.event": ("events",),
    "webhook.keep_hours": ("keep_hours",),
    "webhook.label": ("label",),
    "webhook.place": ("sequence", "after"),
}
"""By code, the field that it is about, by the first of these names that a mutation has."""

WHOLE = frozenset(
    ["erase.changes_money", "erase.waiting", "webhook.replay", "webhook.too_many",
     "allocation.currency", "allocation.line", "allocation.not_a_bill", "bulk.not_found", "business.exists",
     "business.foreign", "business.timezone", "cash.needs_acknowledgement", "file.which_account", "id.invalid", "id.wrong_type", "match.what", "note.about", "quarantine.which", "replay.running",
     "rule.preview_of", "text.characters", "pay.name"]
)  # fmt: skip
"""Codes about several inputs or none, and those whose handler names the field or what was given itself."""


def place_of(error: MunshiError, arguments: Mapping[str, Any]) -> str | None:
    """Return which of a field's arguments an error is about, in GraphQL's names; None: several, or none."""
    if not isinstance(error, Rejected | NotFound):
        return None
    if error.field:
        return _named(error.field, arguments)
    if error.given is not None:
        found = [place for place, leaf in _leaves(arguments) if _same(leaf, error.given)]
        if found:
            return found[0]
    for name in FIELDS.get(error.code, ()):
        if place := _named(name, arguments):
            return place
    return None


def variable_place(message: str) -> str | None:
    """Return the place in the variables that graphql-core's message on a wrong one names, without its `$`."""
    found = _WRONG_VARIABLE.match(message)
    return f"{found[1]}{found[2] or ''}" if found else None


_WRONG_VARIABLE = re.compile(
    r"Variable '\$(\w+)' .*?(?: at '?\w*((?:\.\w+|\[\d+\])[\w.\[\]]*)'?)?[;:.]", re.DOTALL
)
_WORD = re.compile(r"[A-Za-z_]\w*")


def _named(field: str, arguments: Mapping[str, Any]) -> str | None:
    """Write a field of the command as GraphQL names it, if the mutation has it."""
    first = _WORD.match(field)
    if first is None:
        return None
    camel = _WORD.sub(lambda word: to_camel_case(word[0]), field)
    if first[0] in arguments:
        return camel
    held = arguments.get(_INPUT)
    if is_dataclass(held) and any(one.name == first[0] for one in fields(held)):
        return f"{_INPUT}.{camel}"
    return None


def _leaves(value: Any, place: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        items: Any = value.items()
    elif is_dataclass(value) and not isinstance(value, type):
        items = ((one.name, getattr(value, one.name)) for one in fields(value))
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield from _leaves(one, f"{place}[{number}]", depth + 1)
        return
    else:
        yield place, value
        return
    for name, one in items:
        inner = to_camel_case(str(name))
        yield from _leaves(one, f"{place}.{inner}" if place else inner, depth + 1)


def _same(leaf: Any, given: object) -> bool:
    if isinstance(given, UUID) and isinstance(leaf, str):
        return _key(leaf) == given
    return type(leaf) is type(given) and isinstance(leaf, str | int | date | time) and leaf == given


def _key(text: str) -> UUID | None:
    """Return the row that an argument names, as a global id or by its bare key."""
    try:
        return UUID(text)
    except ValueError:
        pass
    try:
        return split_id(text)[1]
    except Rejected:
        return None
