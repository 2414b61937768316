"""What stands around a record on its page: whom it belongs to, and how its stage and pipeline are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from connectors.hubspot.fields import Record, moment, record_id, text
from connectors.hubspot.objects import CONTACT
from connectors.values import as_list, as_object
from kit.errors import Rejected

_PRIMARY = "primary"
_PRIMARY_IDS = frozenset({1, 5})
"""HubSpot's own types for "primary company": of a contact and of a deal."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one record says in our fields, before it has an event's identity.

    `doubts` are parts that could not be read, where the rest still holds.
    """

    kind: str
    external_id: str
    data: Mapping[str, Any]
    event_type: str | None = None
    word: str | None = None
    qualifier: str = ""
    implied: str | None = None
    sequence: int = 0
    doubts: Sequence[tuple[str, Rejected]] = ()


@dataclass(frozen=True, slots=True)
class Associations:
    """From each record to the others it is tied to, with the labels of each tie in small letters."""

    ties: Mapping[str, Mapping[str, frozenset[str]]]

    @classmethod
    def of(cls, answer: Any) -> Associations:
        """Read an answer of the batch read of associations; a record without any isn't among the results."""
        ties: dict[str, dict[str, frozenset[str]]] = {}
        for result in as_list(as_object(answer).get("results")):
            origin = record_id(as_object(as_object(result).get("from")).get("id"))
            for tie in as_list(as_object(result).get("to")):
                other = record_id(as_object(tie).get("toObjectId"))
                if origin is not None and other is not None:
                    known = ties.setdefault(origin, {})
                    known[other] = known.get(other, frozenset()) | _labels(tie)
        return cls(ties)

    def all(self, external_id: str) -> list[str]:
        """Return everything that a record is tied to."""
        return list(self.ties.get(external_id, ()))

    def main(self, external_id: str) -> str | None:
        """Return the one that counts: the primary one, else the only one; None where it would be a guess."""
        tied = self.ties.get(external_id, {})
        primary = [other for other, labels in tied.items() if _PRIMARY in labels] or list(tied)
        return primary[0] if len(primary) == 1 else None

    def labelled(self, external_id: str, label: str) -> list[str]:
        """Return those that a record is tied to under a label, whatever its case."""
        wanted = label.strip().casefold()
        return [other for other, labels in self.ties.get(external_id, {}).items() if wanted in labels]


def _labels(tie: Record) -> frozenset[str]:
    found: set[str] = set()
    for kind in map(as_object, as_list(tie.get("associationTypes"))):
        if isinstance(kind.get("label"), str):
            found.add(kind["label"].strip().casefold())
        number = kind.get("typeId")
        if kind.get("category") == "HUBSPOT_DEFINED" and isinstance(number, int) and number in _PRIMARY_IDS:
            found.add(_PRIMARY)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: the labels that people see, whether it is open, won or lost, and when it was edited last (ms)."""

    id: str
    pipeline_id: str
    label: str
    pipeline: str
    closed: bool | None
    won: bool | None
    edited: int


@dataclass(frozen=True, slots=True)
class Pipelines:
    """All stages of all pipelines of deals."""

    stages: Sequence[Stage] = ()

    @classmethod
    def of(cls, answer: Any) -> Pipelines:
        """Read the list of pipelines; what has no id or no label isn't there."""
        return cls(
            [
                stage
                for pipeline in map(as_object, as_list(as_object(answer).get("results")))
                for found in map(as_object, as_list(pipeline.get("stages")))
                if (stage := _stage(found, pipeline)) is not None
            ]
        )

    def stage(self, pipeline_id: str | None, stage_id: str) -> Stage | None:
        """Return a stage by its id (they are unique in an account; the pipeline settles a doubt)."""
        found = [stage for stage in self.stages if stage.id == stage_id]
        exact = [stage for stage in found if stage.pipeline_id == pipeline_id]
        return next(iter(exact or found), None)

    def called(self, word: str, pipeline: str | None) -> list[Stage]:
        """Return the stages that a word names, by label or id; `pipeline`, by label or id, settles which."""
        name, of = word.strip().casefold(), (pipeline or "").strip().casefold()
        return [
            stage
            for stage in self.stages
            if name in (stage.label.casefold(), stage.id.casefold())
            and of in ("", stage.pipeline.casefold(), stage.pipeline_id.casefold())
        ]


def _stage(stage: Record, pipeline: Record) -> Stage | None:
    stage_id, label = text(stage, "id"), text(stage, "label")
    pipeline_id, name = text(pipeline, "id"), text(pipeline, "label")
    if stage_id is None or label is None or pipeline_id is None or name is None:
        return None
    metadata = as_object(stage.get("metadata"))
    closed = {"true": True, "false": False}.get(str(metadata.get("isClosed")).lower())
    won = {"1.0": True, "1": True, "0.0": False, "0": False}.get(str(metadata.get("probability")))
    edited = moment(stage.get("updatedAt"))
    return Stage(
        id=stage_id,
        pipeline_id=pipeline_id,
        label=label[:300],
        pipeline=name[:300],
        closed=closed,
        won=won,
        edited=round(edited.timestamp() * 1000) if edited else 0,
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything on a page besides the records."""

    settings: Mapping[str, Any]
    zone: ZoneInfo
    companies: Associations = field(default_factory=lambda: Associations({}))
    contacts: Associations = field(default_factory=lambda: Associations({}))
    contact_companies: Associations = field(default_factory=lambda: Associations({}))
    pipelines: Pipelines = field(default_factory=Pipelines)

    def party(self, external_id: str) -> dict[str, str] | None:
        """Return whom a deal or an invoice belongs to: its company, else its only contact's, else that contact.

        Several companies of which none is the primary one give none: nothing is guessed.
        """
        if self.companies.all(external_id):
            company = self.companies.main(external_id)
            return {"id": company} if company else None
        contacts = self.contacts.all(external_id)
        if len(contacts) != 1:
            return None
        if self.contact_companies.all(contacts[0]):
            company = self.contact_companies.main(contacts[0])
            return {"id": company} if company else None
        return {"id": f"{CONTACT}{contacts[0]}"}
