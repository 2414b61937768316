"""Pulled pages: a batch read of HubSpot's as it came, each record read with what stands around it.

The body of a page is HubSpot's answer to the batch read (with histories) and one more member, `around`: the answers
about what belongs to its records, just as they came. `companies`, `contacts` and `contact_companies` are associations,
`pipelines` the pipelines of deals, `archived` the deleted among the records asked for by id; `missing` names the ids
that HubSpot knows nothing of. Owners, pipelines and deleted records are lists of HubSpot's by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.contract import Observation, Observed, Unreadable, Wanted
from connectors.hubspot.fields import Record, ids, moment, record_id
from connectors.hubspot.objects import COMPANIES, CONTACT, DEALS, TYPES, ObjectType
from connectors.hubspot.page import Associations, Pipelines, Said, Surroundings
from connectors.hubspot.records import READERS
from connectors.values import as_list, as_object, digest_of, zone_of
from kit.errors import Rejected

VERSION = "v3"
DELETED = "deleted_"


def read_page(body: Any, stream: str, settings: Mapping[str, Any], *, now: datetime) -> Observed:
    """Read one pulled page; a record that can't be understood costs only itself."""
    if not isinstance(body, dict):
        raise Rejected("schema.not_an_object", "A page of HubSpot is a JSON object.")
    if stream in ("owners", "pipelines"):
        count = len(_results(body))
        return Observed(VERSION, ignored=[stream] * count or [f"no {stream}"])
    found = TYPES.get(stream.removeprefix(DELETED))
    if found is None:
        raise Rejected("stream.unknown", f"HubSpot has no stream {stream[:40]!r}.")
    reading = _Reading(found)
    if stream.startswith(DELETED):
        reading.deleted(_results(body))
        return reading.result()
    beside = as_object(body.get("around"))
    around = Surroundings(
        settings=settings,
        zone=zone_of(settings),
        companies=Associations.of(beside.get("companies")),
        contacts=Associations.of(beside.get("contacts")),
        contact_companies=Associations.of(beside.get("contact_companies")),
        pipelines=Pipelines.of(beside.get("pipelines")),
    )
    for record in _results(body):
        reading.record(record, around, now=now)
    if "archived" in beside:
        reading.deleted(_results(beside["archived"]))
    reading.ignored += [f"{found.name}: HubSpot knows no such record"] * len(as_list(beside.get("missing")))
    return reading.result()


class _Reading:
    """What a page said so far."""

    def __init__(self, found: ObjectType) -> None:
        self.found = found
        self.seen: dict[str, Observation] = {}
        self.unreadable: list[Unreadable] = []
        self.ignored: list[str] = []
        self.wanted: dict[Wanted, None] = {}

    def result(self) -> Observed:
        nothing = not (self.seen or self.unreadable or self.ignored)
        return Observed(
            VERSION,
            list(self.seen.values()),
            self.unreadable,
            [f"no {self.found.name}"] if nothing else self.ignored,
            wanted=list(self.wanted),
        )

    def record(self, record: Any, around: Surroundings, *, now: datetime) -> None:
        """Read one record: what it says, which records became it, and the party that it names."""
        external_id = record_id(as_object(record).get("id"))
        where = f"{self.found.name} {external_id or '?'}"
        try:
            if external_id is None:
                raise Rejected("schema.id_missing", "id: the record's number is missing.")
            if not isinstance(record.get("properties"), dict):
                raise Rejected("schema.field_missing", "properties: the record has none.")
            said = READERS[self.found.name](record, external_id, around)
            if isinstance(said, str):
                self.ignored.append(said)
                return
            changed_at = _changed_at(record, self.found.watched(around.settings))
            self._add(_observation(said, self.found, external_id, record, changed_at=changed_at, now=now))
            for part, reason in said.doubts:
                self.unreadable.append(Unreadable(f"{where} {part}", reason.code, reason.message))
            for merged in _merged(said, self.found, external_id, record, changed_at=changed_at):
                self._add(merged)
            if (party := as_object(said.data.get("party")).get("id")) is not None:
                who = CONTACT if party.startswith(CONTACT) else ""
                self.wanted[Wanted("contacts" if who else COMPANIES.name, party.removeprefix(who))] = None
        except Rejected as refusal:
            self.unreadable.append(Unreadable(where, refusal.code, refusal.message))

    def deleted(self, records: list[Any]) -> None:
        """Read records that were deleted; a party isn't: what it owes stays owed."""
        for record in records:
            external_id = record_id(as_object(record).get("id"))
            at = moment(as_object(record).get("archivedAt"))
            if self.found.kind == "party" and external_id is not None:
                self.ignored.append(f"{self.found.name}: deleted")
            elif external_id is None or at is None:
                where = f"{self.found.name} {external_id or '?'}"
                self.unreadable.append(
                    Unreadable(
                        where, "schema.field_missing", "id, archivedAt: what was deleted when is missing."
                    )
                )
            else:
                event_id = f"{self.found.name}:{external_id}:deleted:{_milliseconds(at)}"
                self._add(
                    Observation(
                        event_id, self.found.kind, external_id, at, "instant", data={}, word="deleted"
                    )
                )

    def _add(self, seen: Observation) -> None:
        self.seen[seen.event_id] = seen


def _observation(
    said: Said,
    found: ObjectType,
    external_id: str,
    record: Record,
    *,
    changed_at: datetime | None,
    now: datetime,
) -> Observation:
    """Give what a record says its identity: when what we read of it last changed, and what it says.

    HubSpot's own stamp of the last change moves with what we write back, and with much else; the histories of the
    properties don't. Without any history a record is but seen, and known by what it says.
    """
    content = [
        said.kind, said.external_id, said.data, said.event_type, said.word, said.qualifier, said.implied,
        said.sequence,
    ]  # fmt: skip
    digest = digest_of(content, length=24)
    stamp = "seen" if changed_at is None else str(_milliseconds(changed_at))
    return Observation(
        event_id=f"{found.name}:{external_id}:{stamp}:{digest}",
        kind=said.kind,
        external_id=said.external_id,
        occurred_at=changed_at or moment(record.get("updatedAt")) or now,
        precision="observed" if changed_at is None else "instant",
        data=dict(said.data),
        event_type=said.event_type,
        word=said.word,
        qualifier=said.qualifier,
        sequence=said.sequence,
        implied=said.implied,
    )


def _merged(
    said: Said, found: ObjectType, external_id: str, record: Record, *, changed_at: datetime | None
) -> Iterator[Observation]:
    """State of each record that was merged into this one that it went; the moment is when it first stood there."""
    if found.name == "invoices" or (found.name == "contacts" and not said.external_id.startswith(CONTACT)):
        return
    before = CONTACT if found.name == "contacts" else ""
    versions = as_list(as_object(record.get("propertiesWithHistory")).get("hs_merged_object_ids"))
    for former in ids(record["properties"], "hs_merged_object_ids"):
        times = [
            at
            for version in map(as_object, versions)
            if former in ids(version, "value") and (at := moment(version.get("timestamp"))) is not None
        ]
        at = min(times, default=changed_at)
        if at is None or former == external_id:
            continue
        told = Observation(
            event_id=f"{found.name}:{former}:merged:{external_id}",
            kind=found.kind,
            external_id=before + former,
            occurred_at=at,
            precision="instant",
            data={"into": before + external_id},
            event_type="party.merged",
        )
        yield replace(told, data={}, event_type=None, word="merged") if found is DEALS else told


def _changed_at(record: Record, watched: tuple[str, ...]) -> datetime | None:
    """Return when one of the properties that we read changed last, by HubSpot's histories; None without any."""
    histories = as_object(record.get("propertiesWithHistory"))
    times = [
        at
        for name in watched
        for version in as_list(histories.get(name))
        if (at := moment(as_object(version).get("timestamp"))) is not None
    ]
    return max(times, default=None)


def _results(answer: Any) -> list[Any]:
    found = as_object(answer).get("results")
    if not isinstance(found, list):
        raise Rejected("schema.field_missing", "results: an answer of HubSpot holds no list of records.")
    return found


def _milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)
