"""One verified delivery, read: its raw body joined with the events in it, or with the reason why there are none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from connectors.contract import Inbound, Observed
from ingest.drift import explained
from ingest.normalise import Normalised, Progress, check_label, normalise
from ingest.sources import Source
from kit.errors import MunshiError, Rejected
from kit.logs import logger
from ledger.domain.events import Delivery, Quarantined, WantedObject

log = logger(__name__)
DAY = timedelta(days=1)  # the date of any zone is at most one ahead of UTC


@dataclass(frozen=True, slots=True)
class Reading:
    """A delivery ready for the log; how many of its facts bear on nothing that we keep; what it says of itself."""

    delivery: Delivery
    ignored: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)


def read_delivery(
    source: Source, inbound: Inbound, *, via: str, received_at: datetime, progress: Progress | None = None
) -> Reading:
    """Read a verified delivery; pure but for a log line (and for `progress`), and it never raises."""
    observed, normalised = understand(source, inbound, received_at=received_at, progress=progress)
    return _reading(source, inbound, observed, normalised, via=via, received_at=received_at)


def understand(
    source: Source, inbound: Inbound, *, received_at: datetime, progress: Progress | None = None
) -> tuple[Observed | None, Normalised]:
    """Return what a delivery says in its vendor's words, and in ours; never raises.

    What can't be understood at all, or trips over a fault of ours, is quarantined as a whole.
    """
    try:
        observed = source.connector.observe(
            inbound, source=source.name, settings=source.settings, now=received_at
        )
        if observed.version not in accepted_versions(source):
            raise Rejected(
                "schema.version", f"Payload version {observed.version[:40]!r} isn't one that we accept."
            )
        _day(observed.facts.get("covered_until"))
        return observed, normalise(observed, source.statuses, received_at=received_at, progress=progress)
    except MunshiError as error:
        refused = Quarantined("", error.code, str(error))
    except Exception as error:
        log.exception("ingest.connector_failed", source=source.name)
        refused = Quarantined(
            "",
            "connector.failed",
            f"Our reading of it failed ({type(error).__name__}); the raw body is kept.",
        )
    return None, Normalised((), (refused,), ())


def accepted_versions(source: Source) -> tuple[str, ...]:
    """Return the payload versions that a source accepts: those of its connector, or fewer where it is pinned.

    The pin is the source's setting `versions`: one, or a list of them.
    """
    pinned = source.settings.get("versions")
    if pinned is None:
        return source.manifest.versions
    chosen = [pinned] if isinstance(pinned, str) else pinned
    return tuple(v for v in source.manifest.versions if isinstance(chosen, list) and v in chosen)


def delivery_digest(kept_headers: Mapping[str, str], body: bytes, *, stream: str | None = None) -> bytes:
    """Return SHA-256 over the stream and the kept headers (sorted, one a line, then an empty line) and the body."""
    head = "" if stream is None else f"stream {stream}\n"
    head += "".join(f"{name}:{kept_headers[name]}\n" for name in sorted(kept_headers))
    return hashlib.sha256(f"{head}\n".encode("utf-8", "surrogatepass") + body).digest()


def _reading(
    source: Source,
    inbound: Inbound,
    observed: Observed | None,
    normalised: Normalised,
    *,
    via: str,
    received_at: datetime,
) -> Reading:
    kept = {name: inbound.headers[name] for name in source.manifest.kept_headers if name in inbound.headers}
    facts: Mapping[str, Any] = observed.facts if observed is not None else {}
    covered = _day(facts.get("covered_until"))
    if covered is not None and covered > (received_at + DAY).date():
        covered = None  # a statement can't tell of days to come: its last balance isn't today's
    is_foreign = facts.get("currency") not in (
        None,
        source.settings.get("currency"),
    )  # no sum with the others
    wanted, odd = _wanted(observed, received_at)
    delivery = Delivery(
        business_id=source.business_id,
        source=source.name,
        via=via,
        digest=delivery_digest(kept, inbound.body, stream=inbound.stream),
        body=inbound.body,
        received_at=received_at,
        headers=kept,
        filename=inbound.filename,
        stream=inbound.stream,
        version=observed.version if observed is not None else None,
        events=normalised.events,
        quarantined=explained(source.manifest, inbound, (*normalised.quarantined, *odd)),
        covered_from=_first_line(normalised) if covered is not None else None,
        covered_until=covered,
        balance=facts.get("closing") if covered is not None and not is_foreign else None,
        account=facts.get("account"),
        wanted=wanted,
    )
    return Reading(delivery, len(normalised.ignored), facts)


def _wanted(
    observed: Observed | None, received_at: datetime
) -> tuple[tuple[WantedObject, ...], tuple[Quarantined, ...]]:
    """Return what is to be fetched; an id that no store can hold costs only itself."""
    wanted: list[WantedObject] = []
    odd: list[Quarantined] = []
    for item in observed.wanted if observed is not None else ():
        try:
            check_label("id of an object to be fetched", item.external_id)
        except Rejected as rejection:
            odd.append(Quarantined(f"{item.stream} {item.external_id}", rejection.code, rejection.message))
        else:
            wanted.append(WantedObject(item.stream, item.external_id, received_at + item.after))
    return tuple(wanted), tuple(odd)


def _first_line(normalised: Normalised) -> date | None:
    days = [event.data["posted_on"] for event in normalised.events if event.kind == "bank_line"]
    return date.fromisoformat(min(days)) if days else None


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
