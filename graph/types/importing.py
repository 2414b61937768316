"""Files, columns, words and replays: as GraphQL takes and shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import strawberry
from strawberry.scalars import JSON

from ingest.files import ImportSummary
from ingest.replay import CHANGES, Outcome, Watch
from ingest.waiting import Waiting

MOST_PARTS = 100


@strawberry.input(description="A file to import. A request has 128 KB: larger ones go to POST /files.")
class ImportFileInput:
    """A file."""

    filename: str = strawberry.field(description="Its name, with the ending.")
    content: str = strawberry.field(description="Its bytes in base64.")
    source: str | None = strawberry.field(
        default=None, description="Whose it is, like bank:icici; null: found by reading it."
    )


@strawberry.input(description="Something to keep. A request has 128 KB: larger ones go to POST /attachments.")
class KeepAttachmentInput:
    """A file."""

    filename: str = strawberry.field(description="Its name, with the ending.")
    media_type: str = strawberry.field(description="What kind of file it is: image/jpeg, audio/ogg …")
    content: str = strawberry.field(description="Its bytes in base64.")


@strawberry.input(description="What the columns of files that wait are.")
class ConfirmColumnsInput:
    """Columns."""

    source: str = strawberry.field(description="The source, like bank:kaveri.")
    fingerprint: str | None = strawberry.field(
        default=None, description="Of which headings; null: where files of one kind wait."
    )
    columns: JSON | None = strawberry.field(
        default=None,
        description="A role and its column's number (from 0), date_format, decimal; null: as they seem to be.",
    )


@strawberry.input(description="What a vendor's status word means.")
class RemapStatusInput:
    """A word."""

    source: str = strawberry.field(description="The source that says it.")
    kind: str = strawberry.field(description="What it is said of: invoice, payment, deal …")
    word: str = strawberry.field(description="The vendor's word.")
    status: str = strawberry.field(description="Ours: invoice.paid, payment.received …")
    qualifier: str = strawberry.field(
        default="", description="The vendor's context of it, such as a pipeline."
    )


@strawberry.input(description="What to read again: all that is left out means everything.")
class ReplayInput:
    """A range."""

    source: str | None = strawberry.field(
        default=None, description="payment:razorpay, or books: for all books."
    )
    event_type: str | None = strawberry.field(default=None, description="Only events of this type.")
    since: date | None = strawberry.field(default=None, description="Received from this day on.")
    until: date | None = strawberry.field(
        default=None, description="Received until this day, itself included."
    )
    quarantine: bool = strawberry.field(default=False, description="Only what couldn't be read.")
    apply: bool = strawberry.field(default=False, description="Write it; without it nothing is written.")


@strawberry.type(description="A part of a file that can't be read; its bytes are kept, and asked about.")
class UnreadablePart:
    """A part."""

    where: str = strawberry.field(description="Where it is; empty: the whole file.")
    code: str = strawberry.field(description="Why, as a stable code.")
    reason: str = strawberry.field(description="Why, in words.")


@strawberry.type(description="What became of a file.")
class ImportPayload:
    """The outcome."""

    source: str = strawberry.field(description="The source that it was read as.")
    label: str = strawberry.field(description="How people call that source.")
    added: int = strawberry.field(description="Facts that are new.")
    known: int = strawberry.field(description="Facts that were known already.")
    rewritten: int = strawberry.field(description="Facts that were told otherwise before.")
    ignored: int = strawberry.field(description="Rows without bearing on money.")
    ahead: int = strawberry.field(description="Facts dated in the future: kept, and not counted.")
    unreadable: list[UnreadablePart] = strawberry.field(description="Parts not read, at most 100 of them.")
    unreadable_count: int = strawberry.field(description="How many parts there are that can't be read.")


@strawberry.type(description="What is kept.")
class KeepAttachmentPayload:
    """The outcome."""

    attachment: str = strawberry.field(
        description="Its name (SHA-256 of the bytes); pass it to attachToParty."
    )


@strawberry.type(description="The files that were read.")
class ConfirmColumnsPayload:
    """The outcome."""

    fingerprint: str = strawberry.field(description="The headings that were confirmed.")
    files: list[ImportPayload] = strawberry.field(description="What became of each file that waited.")


@strawberry.type(description="What the word brought.")
class RemapStatusPayload:
    """The outcome."""

    events: int = strawberry.field(description="How many events were read again.")


@strawberry.type(description="How many of one kind.")
class ReplayCount:
    """A count."""

    kind: str = strawberry.field(
        description="changed, restored, withdrawn, added or rewritten events; understood parts; events kept, refused."
    )
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="What reading again changes, or changed.")
class ReplayPayload:
    """The outcome."""

    applied: bool = strawberry.field(description="Whether it was written.")
    finished: bool = strawberry.field(description="False: tell the same again, and it goes on.")
    deliveries: int = strawberry.field(description="Deliveries read so far.")
    of_deliveries: int = strawberry.field(description="Deliveries to read.")
    changes: int = strawberry.field(
        description="What is read otherwise than the log says, all kinds together."
    )
    counts: list[ReplayCount] = strawberry.field(
        description="The same by kind; complete once it is finished."
    )
    tables: JSON | None = strawberry.field(
        description="Rows that would change, by table; null: applied, or too much to try."
    )


@strawberry.type(description="A column of a file that waits.")
class WaitingColumn:
    """A column."""

    number: int = strawberry.field(description="From 0.")
    heading: str = strawberry.field(description="Its heading.")
    role: str | None = strawberry.field(description="What it seems to be.")
    sample: list[str] = strawberry.field(description="Its first values.")


@strawberry.type(description="A file that waits for somebody to say what its columns are.")
class WaitingFile:
    """A file."""

    filename: str | None = strawberry.field(description="Its name.")
    received_at: datetime = strawberry.field(description="When it came.")
    fingerprint: str = strawberry.field(description="Names its headings; pass it to confirmColumns.")
    rows: int = strawberry.field(description="How many rows it has.")
    proved_by_balance: bool = strawberry.field(
        description="Whether amounts and balances agree over all rows in this reading, and in no other."
    )
    columns: list[WaitingColumn] = strawberry.field(description="Its columns.")
    seems: JSON = strawberry.field(description="What confirmColumns takes, as it seems to be.")


def import_payload(source: str, label: str, summary: ImportSummary) -> ImportPayload:
    """Return what became of a file as its type."""
    return ImportPayload(
        source=source,
        label=label,
        added=summary.added,
        known=summary.known,
        rewritten=summary.rewritten,
        ignored=summary.ignored,
        ahead=summary.ahead,
        unreadable=[
            UnreadablePart(where=part.where or "", code=part.code, reason=part.reason)
            for part in summary.unreadable[:MOST_PARTS]
        ],
        unreadable_count=len(summary.unreadable),
    )


def replay_payload(outcome: Outcome | None, seen: Watch, *, applied: bool) -> ReplayPayload:
    """Return what a replay came to; `outcome` None: it isn't through, and came as far as was `seen`."""
    counts = outcome.counts if outcome is not None else {}
    tables: Any = dict(outcome.rows) if outcome is not None and outcome.rows is not None else None
    kinds = (*CHANGES, "kept", "refused")
    return ReplayPayload(
        applied=applied,
        finished=outcome is not None,
        deliveries=counts["deliveries"] if outcome is not None else seen.done,
        of_deliveries=counts["deliveries"] if outcome is not None else seen.deliveries,
        changes=outcome.changes if outcome is not None else 0,
        counts=[ReplayCount(kind=kind, count=counts[kind]) for kind in kinds if counts.get(kind)],
        tables=tables,
    )


def waiting_file(waiting: Waiting) -> WaitingFile:
    """Return a file that waits as its type."""
    file, guess = waiting.file, waiting.guess
    seems: Any = dict(guess.columns)
    roles = {value: role for role, value in guess.columns.items() if isinstance(value, int)}
    return WaitingFile(
        filename=file.filename,
        received_at=file.received_at,
        fingerprint=guess.fingerprint,
        rows=guess.rows,
        proved_by_balance=guess.is_proved,
        columns=[
            WaitingColumn(
                number=place,
                heading=heading,
                role=roles.get(place),
                sample=[row[place] for row in guess.sample if place < len(row)],
            )
            for place, heading in enumerate(guess.headings)
        ],
        seems=seems,
    )
