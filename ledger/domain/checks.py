"""The check that every event passes before it enters the log: each field what the vocabulary says it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Any

from kit.errors import Rejected
from kit.money import CURRENCIES, MAX_MINOR
from ledger.domain.events import ERASED
from ledger.domain.vocabulary import (
    ADDRESS_FIELDS,
    ADDRESS_KINDS,
    ALLOCATION_FIELDS,
    CONTACT_FIELDS,
    CONTACT_KINDS,
    DEDUCTION_FIELDS,
    DUE_FIELDS,
    EVENTS,
    FIELDS_OF_KIND,
    PARTY_FIELDS,
    PAYER_FIELDS,
    REFERENCE_FIELDS,
    SETTLE_FIELDS,
)

EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)
MAX_TEXT = 2_000
MAX_LIST = 500


def check_event(event_type: str, data: Mapping[str, Any]) -> None:
    """Raise Rejected, naming the field, unless `data` is a right body for `event_type`."""
    spec = EVENTS.get(event_type)
    if spec is None:
        raise Rejected("event.unknown_type", f"{event_type[:60]!r} is not an event type.")
    for name in spec.required:
        if data.get(name) is None:
            raise Rejected("event.field_missing", f"{event_type}: {name} is missing.")
    checks = _checks_of(event_type)
    for name, value in data.items():
        check = checks.get(name)
        if check is None:
            raise Rejected("event.field_unknown", f"{event_type}: {name[:40]!r} is not a field of it.")
        if value is not None:
            try:
                check(value)
            except _Wrong as wrong:
                raise Rejected(wrong.code, f"{event_type}: {name}{wrong.path} {wrong.says}") from None
    if data.get("amount") is not None and not data.get("currency"):
        raise Rejected("event.field_missing", f"{event_type}: currency is missing.")


def check_kind(kind: str, data: Mapping[str, Any]) -> None:
    """Raise Rejected, naming the field, unless all of `data` can be said of a `kind`: for what isn't an event yet."""
    if kind not in FIELDS_OF_KIND:
        raise Rejected("event.unknown_kind", f"{kind[:40]!r} is not a kind of thing.")
    try:
        _check_of_kind(kind)(data)
    except _Wrong as wrong:
        raise Rejected(wrong.code, f"{kind}{wrong.path} {wrong.says}") from None


_Check = Callable[[Any], None]


class _Wrong(Exception):
    """A field that isn't right; where it stands is put together only then, since most fields are right."""

    def __init__(self, code: str, says: str, path: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.says = says
        self.path = path


@cache
def _checks_of(event_type: str) -> Mapping[str, _Check]:
    spec = EVENTS[event_type]
    return {name: _CHECKS[kind] for name, kind in {**spec.optional, **spec.required}.items()}


@cache
def _check_of_kind(kind: str) -> _Check:
    return _object(FIELDS_OF_KIND[kind])


def _text(value: Any) -> None:
    if type(value) is str and value.isascii() and len(value) <= MAX_TEXT and "\x00" not in value:
        return  # nearly every text of nearly every event
    if not isinstance(value, str):
        raise _Wrong("event.field_type", "must be text.")
    if len(value) > MAX_TEXT:
        raise _Wrong("event.field_too_long", f"is longer than {MAX_TEXT} characters.")
    if "\x00" in value or (not value.isascii() and any(0xD800 <= ord(c) <= 0xDFFF for c in value)):
        raise _Wrong("event.field_characters", "holds a character that text can't hold.")


def _integer(value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Wrong("event.field_type", "must be a whole number of minor units.")
    if abs(value) > MAX_MINOR:
        raise _Wrong("event.field_range", "is out of range.")


def _natural(value: Any) -> None:
    _integer(value)
    if value < 0:
        raise _Wrong("event.field_range", "must not be negative.")


def _currency(value: Any) -> None:
    _text(value)
    if value not in CURRENCIES:
        raise _Wrong("money.unknown_currency", f"is {value[:8]!r}, a currency that is not known.")


def _date(value: Any) -> None:
    _text(value)
    _day(value)


@lru_cache(maxsize=4_096)
def _day(value: str) -> None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise _Wrong("event.field_type", "must be a date, YYYY-MM-DD.")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise _Wrong("event.field_range", "is not a day of the calendar.") from None
    if not EARLIEST <= day <= LATEST:
        raise _Wrong("event.field_range", "is out of range.")


def _side(value: Any) -> None:
    if value not in ("receivable", "payable"):
        raise _Wrong("event.field_range", "must be receivable or payable.")


def _texts(value: Any) -> None:
    if not isinstance(value, list) or len(value) > MAX_LIST:
        raise _Wrong("event.field_type", f"must be a list of at most {MAX_LIST} texts.")
    for item in value:
        _text(item)


def _url(value: Any) -> None:
    _text(value)
    if not re.fullmatch(r"https?://[^\s<>\"']+", value):
        raise _Wrong("event.field_type", "must be an http(s) address.")


def _digest(value: Any) -> None:
    _text(value)
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise _Wrong("event.field_type", "must be a SHA-256 in hex.")


def _media_type(value: Any) -> None:
    _text(value)
    if not re.fullmatch(r"[a-z]{2,20}/[a-z0-9.+\-]{1,60}", value):
        raise _Wrong("event.field_type", "must be a media type, such as image/jpeg.")


def _object(fields: Mapping[str, str]) -> _Check:
    checks: dict[str, _Check] = {}

    def check(value: Any) -> None:
        if not isinstance(value, dict):
            raise _Wrong("event.field_type", "must be an object.")
        if not checks:
            checks.update((name, _CHECKS[kind]) for name, kind in fields.items())
        for name, item in value.items():
            if name not in checks:
                raise _Wrong("event.field_unknown", "is not a field of it.", f".{str(name)[:40]!r}")
            if item is not None:
                try:
                    checks[name](item)
                except _Wrong as wrong:
                    raise _Wrong(wrong.code, wrong.says, f".{name}{wrong.path}") from None

    return check


def _objects(fields: Mapping[str, str], *, required: tuple[str, ...]) -> _Check:
    one = _object(fields)

    def check(value: Any) -> None:
        if not isinstance(value, list) or len(value) > MAX_LIST:
            raise _Wrong("event.field_type", f"must be a list of at most {MAX_LIST}.")
        for item in value:
            one(item)
            for name in required:
                if item.get(name) is None:
                    raise _Wrong("event.field_missing", "is missing.", f".{name}")

    return check


def _of_kinds(kinds: frozenset[str], check: _Check) -> _Check:
    """Check a list whose items each have one of these kinds."""

    def whole(value: Any) -> None:
        check(value)
        for item in value:
            if item["kind"] not in kinds:
                raise _Wrong("event.field_range", f"must be one of {', '.join(sorted(kinds))}.", ".kind")

    return whole


_PARTY_FIELDS_CHECK = _object(PARTY_FIELDS)


def _party(value: Any) -> None:
    _PARTY_FIELDS_CHECK(value)
    if not (value.get("id") or value.get("name")):
        raise _Wrong("event.field_missing", "needs an id or a name.")
    if str(value.get("id") or "").startswith(ERASED):
        raise _Wrong("event.field_range", f"has an id that begins with {ERASED!r}: those are ours.")


_CHECKS: dict[str, _Check] = {
    "text": _text,
    "texts": _texts,
    "money": _natural,
    "signed": _integer,
    "count": _natural,
    "currency": _currency,
    "date": _date,
    "side": _side,
    "url": _url,
    "digest": _digest,
    "media_type": _media_type,
    "party": _party,
    "payer": _object(PAYER_FIELDS),
    "contacts": _of_kinds(CONTACT_KINDS, _objects(CONTACT_FIELDS, required=("kind",))),
    "addresses": _of_kinds(ADDRESS_KINDS, _objects(ADDRESS_FIELDS, required=("kind",))),
    "references": _object(REFERENCE_FIELDS),
    "dues": _objects(DUE_FIELDS, required=("amount",)),
    "settles": _objects(SETTLE_FIELDS, required=("amount",)),
    "deductions": _objects(DEDUCTION_FIELDS, required=("kind", "amount")),
    "allocations": _objects(ALLOCATION_FIELDS, required=("document", "amount")),
}
