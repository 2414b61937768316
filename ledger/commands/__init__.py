"""All that an edge may tell: frozen dataclasses, in the imperative, one per use case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from ledger.commands.tokens import CreateToken as CreateToken
from ledger.commands.tokens import RecogniseToken as RecogniseToken
from ledger.domain.readings import Late, ReadingRow


@dataclass(frozen=True, slots=True)
class AddBusiness:
    """Found a business (system only). Result: its id."""

    business_id: UUID
    name: str
    timezone: str = "Asia/Kolkata"
    currency: str = "INR"


@dataclass(frozen=True, slots=True)
class AddMember:
    """Add a person with a role; `until`: the last day of his membership. Result: the member's id."""

    name: str
    role: str
    language: str = "en"
    digest_at: time | None = time(8, 30)
    crm_owner: str | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class CreateLinkCode:
    """Make a one-time code by which a member links his chat. Result: the code (shown once)."""

    member_id: UUID
    valid_minutes: int = 60 * 24


@dataclass(frozen=True, slots=True)
class LinkChat:
    """Redeem a code from a chat. Result: the member's Actor; Rejected if used, expired or unknown."""

    code: str
    chat_id: int


@dataclass(frozen=True, slots=True)
class AddSource:
    """Connect a source. Result: `NewSource` with the key of its address and its secret, shown once."""

    name: str
    connector: str
    label: str
    settings: dict[str, Any]
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RotateSourceSecret:
    """Put a new signing secret first and keep the previous one valid. Result: the secret, shown once."""

    name: str
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SetCredentials:
    """Give what our own calls to a source's vendor need; named ones replace, others stay. Result: their names.

    Sealed at rest and never shown again. The source's streams are read at once.
    """

    name: str
    credentials: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChangeSource:
    """Switch a source or its write-back on or off, or change its label or settings (None takes one out).

    What is None stays as it is. Result: the names of the settings that it has now.
    """

    name: str
    enabled: bool | None = None
    write_back: bool | None = None
    label: str | None = None
    settings: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PullSource:
    """Read a source now (or only some of its streams). Result: how many streams are due now."""

    name: str
    streams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StartBackfill:
    """Read a source's streams from `until` (None: now) back to `since`, in steps. Result: the streams."""

    name: str
    streams: tuple[str, ...]
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RenewSeals:
    """Seal every secret and credential again with the newest key (system only). Result: how many sources."""


@dataclass(frozen=True, slots=True)
class ConfirmColumns:
    """Say what the columns of a source's files are: of every table whose headings have this fingerprint.

    `columns` as the connector's reader takes them: a role and the number of its column (from 0), or a format.
    """

    source: str
    fingerprint: str
    columns: dict[str, int | str]


@dataclass(frozen=True, slots=True)
class NewSource:
    """What connecting a source gives: its name, the key that its webhook address ends in, and the secret."""

    name: str
    key: str = field(repr=False)
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ResolveConflict:
    """Answer a question for the evidence that was seen. Result: ConflictView.

    `answer` is the id of one of the question's answers. Stale if the version moved on; the error's message says
    who answered what. `version` None answers whatever is open now (GraphQL without a version).
    """

    conflict_id: UUID
    answer: str
    version: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ReopenConflict:
    """Undo an answer: its effects are withdrawn and the question stands again. Result: ConflictView."""

    conflict_id: UUID
    note: str | None = None


@dataclass(frozen=True, slots=True)
class SnoozeConflict:
    """Ask again later. Result: ConflictView."""

    conflict_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class MakePromise:
    """A customer said when he will pay. Result: PartyView."""

    party_id: UUID
    on: date
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class SaveButtons:
    """Keep the actions behind a card's buttons. Result: their short ids, in order."""

    actions: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """Put a card into the outbox. Result: the outbox id, or None if `once_key` was queued before.

    `edit_message`: the message whose place it takes; `edit_of`: the earlier row of the outbox whose message that is.
    """

    chat_id: int
    member_id: UUID | None
    kind: str
    card: dict[str, Any]
    once_key: str | None = None
    edit_message: int | None = None
    edit_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class DrainBusiness:
    """Fold, derive and judge what is pending (system only). Result: Drained."""

    limit: int = 1_000


@dataclass(frozen=True, slots=True)
class Drained:
    """Identities folded, whether more is waiting now, and the moment of the next wake-up (None: none known)."""

    folded: int
    more: bool
    next_due: datetime | None = None
    busy: bool = False


@dataclass(frozen=True, slots=True)
class SweepBusiness:
    """Judge everything by every rule (system only). Result: number of questions opened or cleared."""


@dataclass(frozen=True, slots=True)
class RebuildBusiness:
    """Refold the whole log (system only); `apply` False only reports. Result: Rebuilt."""

    apply: bool = False


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Events refolded and rows that differ from the stored ones, by table."""

    events: int
    differing: dict[str, int]


@dataclass(frozen=True, slots=True)
class RemapStatus:
    """Say what a vendor's status word means; what waited for it is replayed. Result: events replayed."""

    source: str
    kind: str
    word: str
    status: str
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class ReplayScope:
    """Which deliveries are read again: of a source (`books:` all of a family, empty: all), received in a period.

    `quarantine`: only those with parts that couldn't be read. `event_type` limits what is changed to events that
    are of this type before or after.
    """

    source: str = ""
    event_type: str = ""
    since: datetime | None = None
    until: datetime | None = None
    quarantine: bool = False


@dataclass(frozen=True, slots=True)
class ReplayPlace:
    """How far a replay is: behind which delivery of which source."""

    source: str
    received_at: datetime
    digest: bytes


@dataclass(frozen=True, slots=True)
class StartReplay:
    """Begin to read deliveries again, or go on with the same where it was interrupted. Result: ReplayStarted."""

    scope: ReplayScope


@dataclass(frozen=True, slots=True)
class ReplayStarted:
    """A replay that runs; `place` and `counts` are of an earlier run that was interrupted."""

    id: UUID
    started_at: datetime
    place: ReplayPlace | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class NewReadings:
    """What deliveries of one source say when they are read again, where it isn't what the log says.

    `basis` is the digest of what the reading depended on besides our code.
    """

    source: str
    basis: bytes
    normaliser_version: str
    readings: tuple[ReadingRow, ...] = ()
    late: tuple[Late, ...] = ()


@dataclass(frozen=True, slots=True)
class TakeReadings:
    """Keep the new readings of a replay, and that it came to `place`. Result: None.

    Stale if the source's settings or words were changed meanwhile, or someone else read the same events anew.
    """

    replay: UUID
    place: ReplayPlace
    counts: Mapping[str, int]
    new: NewReadings | None = None


@dataclass(frozen=True, slots=True)
class TryReadings:
    """Take new readings, derive what stands on them, and take it all back. Result: rows that would change, by table."""

    new: tuple[NewReadings, ...]


@dataclass(frozen=True, slots=True)
class FinishReplay:
    """Say that a replay is through, with what it came to. Result: None."""

    replay: UUID
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ChooseBusiness:
    """Speak for this business from now on in a chat that serves several."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class ExpectWords:
    """Note what the next words typed in a chat are for (None: a question again); forgotten after an hour."""

    chat_id: int
    action: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """Settle what could not be read without reading it: by `ids`, or all open parts of a source (of one `code`).

    Result: how many parts were settled. Their raw bodies stay in the log.
    """

    ids: tuple[UUID, ...] = ()
    source: str | None = None
    code: str | None = None
    note: str | None = None
