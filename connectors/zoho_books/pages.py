"""A delivery of Zoho Books read: a page of a list, one record with its details, or what a workflow sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import Observation, Observed, Precision, Unreadable, Wanted
from connectors.values import digest_of, record_id
from connectors.zoho_books.fields import Record, moment
from connectors.zoho_books.records import RESOURCES, Resource, Said, balances
from kit.clock import IST
from kit.errors import Rejected

VERSION = "v3"
GONE = 1002
"""Zoho's code for a record that isn't there any more."""
_VOIDABLE = {
    "invoices": "invoice",
    "bills": "bill",
    "creditnotes": "credit_note",
    "vendorcredits": "credit_note",
}


@dataclass(slots=True)
class _Reading:
    """What has been read so far; a record that comes twice says it once."""

    settings: Mapping[str, Any]
    now: datetime
    observations: dict[str, Observation] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    wanted: dict[tuple[str, str], Wanted] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day in the organisation's calendar on which it was read."""
        named = self.settings.get("timezone")
        try:
            zone = ZoneInfo(str(named)) if named else IST
        except (ValueError, OSError, KeyError):
            zone = IST
        return self.now.astimezone(zone).date()

    def done(self) -> Observed:
        return Observed(
            VERSION,
            list(self.observations.values()),
            self.unreadable,
            self.ignored,
            wanted=list(self.wanted.values()),
        )


def read_page(body: Any, stream: str, settings: Mapping[str, Any], *, now: datetime) -> Observed:
    """Read what a stream fetched: a page of its list, or one record by its id."""
    resource = RESOURCES.get(stream)
    if resource is None:
        raise Rejected("stream.unknown", f"There is no stream {stream[:40]!r}.")
    if not isinstance(body, dict):
        raise Rejected("schema.not_an_object", "An answer of Zoho Books is a JSON object.")
    reading = _Reading(settings, now)
    if "asked" in body:
        return _absent(body, resource, reading)
    rows = listed(body, resource)
    if rows is not None:
        for place, row in enumerate(rows):
            _read(row, f"{stream}#{place}", resource, reading, listed=True)
        return reading.done()
    name = next((name for name in resource.one if isinstance(body.get(name), dict)), None)
    if name is None:
        raise Rejected("schema.part_missing", f"There are no {stream} in the answer.")
    _read(body[name], name, resource, reading)
    return _strict(reading)


def read_pushed(body: Any, settings: Mapping[str, Any], *, now: datetime) -> Observed:
    """Read what a workflow sent: a record under its name; one that says too little is fetched."""
    if not isinstance(body, dict):
        raise Rejected("schema.not_an_object", "A workflow of Zoho Books sends a JSON object.")
    found = [
        (resource, name)
        for resource in RESOURCES.values()
        for name in resource.one
        if isinstance(body.get(name), dict)
    ]
    if not found:
        raise Rejected("schema.part_missing", "It holds no record of a kind that we read.")
    reading = _Reading(settings, now)
    for resource, name in found:
        record = body[name]
        if name == "payment" and "customer_id" not in record and "vendor_id" in record:
            resource = RESOURCES["vendorpayments"]
        if body.get("event") == "deleted":
            _deleted(record.get(resource.key), resource, reading)
        else:
            _read(record, name, resource, reading, pushed=True)
    return _strict(reading)


def listed(body: Record, resource: Resource) -> list[Any] | None:
    """Return the rows of a list; None if the answer isn't one of this kind."""
    return next((body[name] for name in resource.many if isinstance(body.get(name), list)), None)


# ---- one record ------------------------------------------------------------------------------------
def _read(
    record: Any,
    where: str,
    resource: Resource,
    reading: _Reading,
    *,
    listed: bool = False,
    pushed: bool = False,
) -> None:
    external_id: str | None = None
    try:
        if not isinstance(record, dict):
            raise Rejected("schema.not_an_object", f"{where} is no object.")
        external_id = record_id(record.get(resource.key))
        if external_id is None:
            raise Rejected("schema.id_missing", f"{resource.key} is missing.")
        said = (resource.listed if listed else resource.whole)(record, reading.settings)
        stated = balances(record, reading.today) if said.kind == "party" else []
    except Rejected as refusal:
        if external_id is not None and (listed or pushed) and refusal.code.startswith("schema."):
            reading.wanted.setdefault((resource.stream, external_id), Wanted(resource.stream, external_id))
        else:
            reading.unreadable.append(Unreadable(where, refusal.code, refusal.message))
        return
    if said.more:
        reading.wanted.setdefault((resource.stream, external_id), Wanted(resource.stream, external_id))
    changed = moment(record.get("last_modified_time"))
    _say(said, external_id, resource, reading, at=changed)
    for balance in stated:  # it moves with every bill, whenever the contact itself was changed
        _say(balance, f"balance:{balance.data['side']}:{external_id}", resource, reading, at=None)


def _say(said: Said, external_id: str, resource: Resource, reading: _Reading, *, at: datetime | None) -> None:
    """Add an observation; the time of the change belongs to its id, since a record may become what it was before."""
    precision: Precision = "instant" if at is not None else "observed"
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") if at is not None else "untimed"
    digest = digest_of([said.data, said.word, said.qualifier, said.event_type], length=16)
    event_id = f"{resource.stream}:{external_id}:{stamp}:{digest}"
    reading.observations.setdefault(
        event_id,
        Observation(
            event_id=event_id,
            kind=said.kind,
            external_id=external_id,
            occurred_at=at if at is not None else reading.now,
            precision=precision,
            data=said.data,
            event_type=None if said.word else said.event_type,
            word=said.word,
            qualifier=said.qualifier,
        ),
    )


def _strict(reading: _Reading) -> Observed:
    """A delivery of one record that can't be read is refused as a whole."""
    if reading.unreadable and not (reading.observations or reading.wanted or reading.ignored):
        raise Rejected(reading.unreadable[0].code, reading.unreadable[0].reason)
    return reading.done()


# ---- what is gone ----------------------------------------------------------------------------------
def _absent(body: Record, resource: Resource, reading: _Reading) -> Observed:
    """Read `{"asked": id, "answer": …}`, as we keep Zoho's word that a record is gone."""
    answer = body.get("answer")
    if not isinstance(answer, dict) or answer.get("code") != GONE:
        raise Rejected("schema.part_missing", "The answer doesn't say that the record is gone.")
    _deleted(body.get("asked"), resource, reading)
    return _strict(reading)


def _deleted(key: Any, resource: Resource, reading: _Reading) -> None:
    """A bill or note that is gone owes nothing; a receipt or party that is gone is only told.

    The bank's money stays where it is, whatever becomes of its entry in the books.
    """
    external_id = record_id(key)
    if external_id is None:
        reading.unreadable.append(
            Unreadable(resource.key, "schema.id_missing", f"{resource.key} is missing.")
        )
        return
    kind = _VOIDABLE.get(resource.stream)
    if kind is None:
        reading.ignored.append(f"{resource.stream}: deleted")
        return
    data = {"side": "payable"} if resource.stream == "vendorcredits" else {}
    _say(Said(kind, data, "deleted"), external_id, resource, reading, at=None)


def marks(rows: Sequence[Any], key: str) -> str:
    """Return what tells one page from another: its first and its last record."""
    ends = [record_id(row.get(key)) if isinstance(row, dict) else None for row in (rows[0], rows[-1])]
    return "-".join(str(end) for end in ends)
