"""The contract of a connector: verify raw bytes, turn them into observations, fetch pages, write our state back.

Everything but `fetch` and `write_back` is pure. Those two do their calls through the `Vendor` that they are given:
they know paths and bodies, never clients, tokens, retries or clocks.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib import import_module, resources
from typing import Any, Literal, Protocol, runtime_checkable

from kit.errors import MunshiError, NotFound
from kit.json import read_json

Precision = Literal["instant", "day", "observed"]
"""How sharp `occurred_at` is: to the moment, to the day, or only seen at that time (a poll, a snapshot)."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """One delivery as it came: raw body, lower-cased headers, the file's name if it was a file.

    `stream` names the stream of the manifest that a pulled page is of; None: it was pushed, or is a file.
    `url` is the full public address as the vendor called it, where the manifest says `signs_url`; it isn't kept.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    filename: str | None = None
    stream: str | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """One fact in the vendor's words.

    `event_id` is unique within the source and the same on every redelivery. `kind` and `external_id` name the
    thing that the fact is about. `data` has the canonical fields of `ledger.domain.vocabulary` (money in minor
    units, dates as YYYY-MM-DD, no floats). Where the vendor states a status, `word` (and `qualifier`, the
    context that changes its meaning) is mapped later; otherwise `event_type` says which canonical event it is.
    `implied` is our status of that word by the vendor's own account of it (a stage that is closed and not won): it
    holds until the business says what the word means, and comes before the defaults of the status map.
    """

    event_id: str
    kind: str
    external_id: str
    occurred_at: datetime
    precision: Precision
    data: dict[str, Any]
    event_type: str | None = None
    word: str | None = None
    qualifier: str = ""
    sequence: int = 0
    implied: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row or part that can't be understood: where it stands, a stable code, and the reason in words."""

    where: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object to be fetched by its id, `after` a while: a thin message only names it, or it is still open."""

    stream: str
    external_id: str
    after: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Observed:
    """What one delivery said: the payload version it was pinned to, its facts, and what could not be read.

    `ignored` names vendor events that are known and bear on nothing that we keep. `facts` counts or dates the
    delivery as a whole, for the person who sent it (a statement's account, period, opening and closing balance).
    `wanted` names what is to be fetched from the vendor, because this delivery doesn't tell all of it.
    """

    version: str
    observations: Sequence[Observation] = ()
    unreadable: Sequence[Unreadable] = ()
    ignored: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    wanted: Sequence[Wanted] = ()


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One line of a status map: the vendor's word and context, our status, and how sure we are (0–100)."""

    kind: str
    word: str
    qualifier: str
    status: str
    confidence: int
    event_type: str | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """One list of a vendor that is read now and then: `[[stream]]` in the manifest.

    A round reads the window from the last round's start, less `overlap_minutes` (wider than the vendor retries and
    indexes), to now. The first round goes `first_days` back. `by_id`: its objects can be fetched by id (`wanted`),
    at most `batch` in one page.
    """

    name: str
    every_minutes: int
    overlap_minutes: int
    first_days: int = 90
    windowed: bool = True
    """False: it has no times to ask by; every round reads all of it (pipelines, owners)."""
    by_id: bool = False
    batch: int = 50
    needs: tuple[str, ...] = ()
    """Settings without which a source doesn't read this stream (`account_number`)."""


@dataclass(frozen=True, slots=True)
class Api:
    """How a vendor's API is called: `[api]` in the manifest. A source's settings may name another `base_url`.

    `auth`: `basic` (the first two credentials are user and password), `bearer` (the credential `token`), `headers`
    (only those of `headers`); with tokens of `token_url`, sent as `<scheme> <access token>`: `oauth` (refresh token flow:
    credentials `client_id`, `client_secret`, `refresh_token`), `login` (`login` as JSON, with `login_headers`).
    `headers`, `login` and `login_headers` may hold `{credential}` and `{setting}`.
    """

    base_url: str
    auth: Literal["basic", "bearer", "headers", "oauth", "login"]
    credentials: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    token_url: str = ""
    login: Mapping[str, str] = field(default_factory=dict, hash=False)
    login_headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    scheme: str = "Bearer"
    per_second: float = 4.0
    """Calls that we allow ourselves, kept below the vendor's limit."""
    settings: tuple[str, ...] = ()
    """Settings that a source must have before it can be called (`organization_id`)."""
    probe: str = ""
    """A path whose answer shows that the credentials are right."""


@dataclass(frozen=True, slots=True)
class Held:
    """Stands in a call's `json` for a credential by its name: the vendor puts it in, the connector never sees it."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call to a vendor. `path` is added to the base URL; `query` values may be lists (repeated names).

    At most one of `json` (which may hold `Held`) and `form` is sent. `accept` names statuses besides 2xx that come
    back as a reply.
    """

    path: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    query: Mapping[str, str | int | Sequence[str]] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    accept: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """A vendor's answer: status, lower-cased headers, raw body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body strictly (fractions are Decimal); Rejected if it is no JSON."""
        return read_json(self.body)


class Vendor(Protocol):
    """Does calls for a connector: adds credentials, keeps the pace, tells failures by their remedy."""

    async def __call__(self, call: Call) -> Reply:
        """Return a 2xx (or accepted) reply.

        Retryable: no answer, 408, 423, 425, 429, 477, 5xx. SourceBroken: 401, 403. Rejected
        (`vendor.refused`): any other status.
        """
        ...


@dataclass(frozen=True, slots=True)
class Pull:
    """What to fetch next: the page at `position` ({} at the start) of a window of a stream, or objects by `ids`.

    `since` and `until` bound the window (changed or made in it, as the vendor can say). `settings` are the source's.
    """

    stream: str
    since: datetime
    until: datetime
    position: Mapping[str, Any] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """What a fetch brought: raw bodies to be observed like any delivery, and where to go on (None: at the end).

    `position` is plain JSON and differs from the one asked for; `items` counts for progress.
    """

    inbounds: Sequence[Inbound]
    position: Mapping[str, Any] | None
    items: int = 0


@runtime_checkable
class Pulls(Protocol):
    """What `connector` offers besides, if its manifest has streams."""

    async def fetch(self, pull: Pull, call: Vendor) -> Page:
        """Fetch one page, or the objects named by `ids`; no state is kept between calls."""
        ...


@dataclass(frozen=True, slots=True)
class WriteBack:
    """Our state of one party or deal, as it goes to `external_id` of the vendor; money in minor units.

    `status`: clear, open, overdue, promised, disputed. `word` is the status word (a deal's stage) that the vendor is
    to take over, None: leave it. `fingerprint` is the same for the same content.
    """

    kind: Literal["party", "deal"]
    external_id: str
    currency: str
    outstanding: int
    overdue: int
    overdue_days: int
    status: str
    last_receipt_on: date | None
    last_receipt: int | None
    expected_on: date | None
    url: str
    fingerprint: str
    word: str | None = None
    qualifier: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one item of a batch; `problem` None: the vendor took it."""

    item: WriteBack
    problem: MunshiError | None = None


@runtime_checkable
class WritesBack(Protocol):
    """What `connector` offers besides, if its manifest says `writes_back`."""

    async def prepare(self, call: Vendor, *, settings: Mapping[str, Any]) -> None:
        """Make the vendor's fields that we write to, where they are missing; may be repeated."""
        ...

    async def write_back(
        self, batch: Sequence[WriteBack], call: Vendor, *, settings: Mapping[str, Any]
    ) -> Sequence[Written]:
        """Write a batch; safe to repeat. An error raised concerns the whole batch, `problem` one item."""
        ...


@dataclass(frozen=True, slots=True)
class Manifest:
    """A connector's `manifest.toml`: what it is called, how it is fed, which payload versions it accepts."""

    name: str
    family: str
    label: str
    via: tuple[str, ...]
    versions: tuple[str, ...]
    content_types: tuple[str, ...]
    kept_headers: tuple[str, ...] = ()
    """Headers kept with the raw body because an observation depends on them."""
    needs_secret: bool = False
    signs_url: bool = False
    """Its signature covers the address that it called."""
    silence_hours: int = 0
    """Hours without news after which the source counts as quiet; 0: it has no rhythm."""
    status_map: tuple[StatusRow, ...] = ()
    api: Api | None = None
    streams: tuple[Stream, ...] = ()
    writes_back: bool = False
    batch: int = 100
    """Items of a write-back batch."""
    event_at: tuple[str, ...] = ()
    """Where a pushed body says which event it is (`event`, `[].type`): shapes are compared event by event."""
    free_members: tuple[str, ...] = ()
    """Members, by name or path, that hold what people put there (`notes`): what is in them has no shape."""

    def stream(self, name: str) -> Stream:
        """Return a stream by name; NotFound if the connector has none of that name."""
        for stream in self.streams:
            if stream.name == name:
                return stream
        raise NotFound("stream.unknown", f"{self.label} has no stream {name[:40]!r}.")

    @property
    def source_prefix(self) -> str:
        """`payment:razorpay`, the name that events carry; several sources of one kind add a suffix."""
        return f"{self.family}:{self.name}"


class Connector(Protocol):
    """What a vendor's `connector.py` offers as `connector`; every method is pure: no clock, no I/O, no logging."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:
        """Raise Denied unless one of `secrets` (current first, then previous) signed these bytes in time."""
        ...

    def observe(
        self, inbound: Inbound, *, source: str, settings: Mapping[str, Any], now: datetime
    ) -> Observed:
        """Turn a verified delivery into observations; Rejected if nothing of it can be understood.

        `source` is the full source name; `settings` are the source's own (account number, timezone …).
        `now` is when the delivery was received (for replays too): use it only where the vendor gives no time.
        """
        ...


@lru_cache(maxsize=64)
def load_manifest(name: str) -> Manifest:
    """Read `manifest.toml` and `status_map.toml` of a connector; NotFound if there is no such connector."""
    if not name.isidentifier():
        raise NotFound("connector.unknown", f"There is no connector {name[:40]!r}.")
    try:
        folder = resources.files(f"connectors.{name}")
        raw = tomllib.loads((folder / "manifest.toml").read_text("utf-8"))
    except (ModuleNotFoundError, FileNotFoundError):
        raise NotFound(
            "connector.unknown", f"There is no connector {name!r}.", remedy="See `munshi source kinds`."
        ) from None
    rows: list[StatusRow] = []
    if (folder / "status_map.toml").is_file():
        for row in tomllib.loads((folder / "status_map.toml").read_text("utf-8")).get("status", []):
            rows.append(
                StatusRow(
                    kind=row["kind"],
                    word=row["word"],
                    qualifier=row.get("qualifier", ""),
                    status=row["status"],
                    confidence=row.get("confidence", 100),
                    event_type=row.get("event_type"),
                    notes=row.get("notes", ""),
                )
            )
    for many in ("via", "versions", "content_types", "kept_headers", "event_at", "free_members"):
        raw[many] = tuple(raw.get(many, ()))
    raw["streams"] = tuple(
        Stream(**{**stream, "needs": tuple(stream.get("needs", ()))}) for stream in raw.pop("stream", ())
    )
    if api := raw.get("api"):
        lists: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in api.items()
        }
        raw["api"] = Api(**lists)
    return Manifest(**raw, status_map=tuple(rows))


@lru_cache(maxsize=64)
def load_connector(name: str) -> Connector:
    """Return the connector called `name`; NotFound if there is none."""
    load_manifest(name)
    found: Connector = import_module(f"connectors.{name}.connector").connector
    return found


def connector_names() -> list[str]:
    """Return the names of all connectors, sorted."""
    folder = resources.files("connectors")
    return sorted(
        entry.name for entry in folder.iterdir() if entry.is_dir() and (entry / "manifest.toml").is_file()
    )
