"""Asking an account aggregator: is the consent good, a session for the days that are due, and whether it has come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from connectors.account_aggregator.deposit import Entity, day, moment, text
from connectors.account_aggregator.sessions import LONG, is_worth_asking_anew
from connectors.contract import Call, Inbound, Page, Pull, Vendor
from connectors.values import as_object, read_object
from kit.clock import IST
from kit.errors import NotFound, Rejected, Retryable, SourceBroken

STREAM = "sessions"
_ANSWER = "An answer of the account aggregator"
_RENEW = "Renew the consent: ask for a new one, approve it, and set consent_id of the source to it."
_STOPPED = {
    "PENDING": ("consent.pending", "The consent isn't approved yet.", "Open its link and approve it."),
    "INITIATED": ("consent.pending", "The consent isn't approved yet.", "Open its link and approve it."),
    "PAUSED": (
        "consent.paused",
        "The consent is paused.",
        "Resume it in the account aggregator's app, or renew it.",
    ),
    "REVOKED": ("consent.revoked", "The consent was revoked.", _RENEW),
    "EXPIRED": ("consent.expired", "The consent has expired.", _RENEW),
    "REJECTED": ("consent.rejected", "The consent was rejected.", _RENEW),
    "FAILED": ("consent.failed", "The consent failed.", _RENEW),
}
_HOURS = {"HOUR": 1, "DAY": 24, "MONTH": 24 * 30, "YEAR": 24 * 365}


async def fetch(pull: Pull, call: Vendor) -> Page:
    """Begin a session for a window, or look at sessions by their ids."""
    if pull.stream != STREAM:
        raise NotFound("stream.unknown", f"An account aggregator has no stream {pull.stream[:40]!r}.")
    if pull.ids:
        return await _look(pull, call)
    own = quote(_setting(pull.settings, "consent_id"), safe="")
    reply = await call(Call(f"/consents/{own}", query={"expanded": "true"}))
    consent = read_object(reply.body, _ANSWER)
    if stopped := _STOPPED.get((text(consent, "status") or "").upper()):
        code, message, remedy = stopped
        raise SourceBroken(code, message, remedy=remedy)
    since, until = _window(pull, as_object(consent.get("detail")))
    if wait := _too_soon(consent, until=pull.until):
        if until - since > LONG:  # the rounds to come don't reach as far back
            raise Retryable(
                "consent.frequency", "The consent allows no other fetch yet.", after=wait.total_seconds()
            )
        return Page([], None)
    body = await _begin(_setting(pull.settings, "consent_id"), since, until, call)
    return Page([Inbound(body, stream=STREAM)], None, 1)


async def _look(pull: Pull, call: Vendor) -> Page:
    """Fetch sessions; one that failed and whose days no round asks for again is begun anew."""
    found: list[Inbound] = []
    for own in pull.ids:
        reply = await call(Call(f"/sessions/{quote(own, safe='')}"))
        session = read_object(reply.body, _ANSWER)
        found.append(Inbound(reply.body, stream=STREAM))
        if _fails(session, pull):
            asked = as_object(session.get("dataRange"))
            since, until = moment(text(asked, "from"), IST), moment(text(asked, "to"), IST)
            if since is not None and until is not None:
                body = await _begin(_setting(pull.settings, "consent_id"), since, until, call)
                found.append(Inbound(body, stream=STREAM))
    return Page(found, None, len(pull.ids))


def _fails(session: Entity, pull: Pull) -> bool:
    try:
        return is_worth_asking_anew(session, pull.settings, now=pull.until)
    except Rejected:
        return False  # its reading will say why


async def _begin(consent: str, since: datetime, until: datetime, call: Vendor) -> bytes:
    asked = {
        "consentId": consent,
        "dataRange": {"from": _stamp(since), "to": _stamp(until)},
        "format": "json",
    }
    reply = await call(Call("/sessions", method="POST", json=asked))
    read_object(reply.body, _ANSWER)
    return reply.body


def _window(pull: Pull, detail: Entity) -> tuple[datetime, datetime]:
    """The window within what the consent allows, and not before the day from which the source is to be read."""
    allowed = as_object(detail.get("dataRange")) or as_object(detail.get("FIDataRange"))
    earliest, latest = moment(text(allowed, "from"), IST), moment(text(allowed, "to"), IST)
    since = max(filter(None, (pull.since, earliest, start_of(pull.settings))))
    until = min(pull.until, latest) if latest is not None else pull.until
    if since >= until:
        raise SourceBroken("consent.range", "The consent doesn't cover these days (any more).", remedy=_RENEW)
    return since, until


def start_of(settings: Mapping[str, Any]) -> datetime | None:
    """Return when the first day begins that is to be read here; what is before it came by statement files."""
    given = settings.get("start_on")
    zone = ZoneInfo("Asia/Kolkata")
    return moment(given, zone) if isinstance(given, str) and day(given, zone) is not None else None


def _too_soon(consent: Entity, *, until: datetime) -> timedelta | None:
    """How long the consent forbids another fetch; SourceBroken where it allows too few to keep an account current."""
    detail, usage = as_object(consent.get("detail")), as_object(consent.get("usage"))
    used = moment(text(usage, "lastUsed"), IST)
    if text(detail, "fetchType") == "ONETIME" and used is not None:
        raise SourceBroken("consent.once", "The consent was for one fetch and is used up.", remedy=_RENEW)
    frequency = as_object(detail.get("frequency"))
    hours, times = _HOURS.get(text(frequency, "unit") or ""), frequency.get("value")
    if hours is None or type(times) is not int or times <= 0:
        return None
    pause = timedelta(hours=hours) / times
    if pause > timedelta(days=2):
        raise SourceBroken(
            "consent.frequency", "The consent allows less than a fetch every two days.", remedy=_RENEW
        )
    return used + pause - until if used is not None and used + pause > until else None


def _setting(settings: Mapping[str, Any], name: str) -> str:
    value = settings.get(name)
    if not value:
        raise SourceBroken(
            f"settings.{name}", f"The setting {name} is missing.", remedy=f"Set {name} of the source."
        )
    return str(value)


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
