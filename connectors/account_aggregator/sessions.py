"""Data sessions of an account aggregator: has what we asked for come, whose account is it, and when to ask again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from connectors.account_aggregator.deposit import Entity, text
from connectors.values import agree, as_object, masked
from kit.errors import Rejected

Outcome = Literal["pending", "failed", "delivered"]
LONG = timedelta(days=8)
"""A session for more days than this isn't covered by the rounds that follow: if it fails, it is asked for anew."""
PATIENCE = timedelta(days=7)
"""How long what failed is asked for again; then it is told."""
_SOONEST, _LATEST_PAUSE = timedelta(minutes=2), timedelta(hours=6)
_PENDING, _FAILED = frozenset(["PENDING", "ACTIVE"]), frozenset(["FAILED", "EXPIRED"])
_COME = frozenset(["COMPLETED", "PARTIAL"])
_NOT_YET = frozenset(["PENDING"])


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a session: masked number, its bank, what became of it, and its data if it came."""

    number: str
    bank: str
    status: str
    data: Entity


def accounts_of(session: Entity) -> Iterator[Account]:
    """Return the accounts of a session, those without data too."""
    fips = session.get("fips")
    for fip in fips if isinstance(fips, list) else ():
        held = as_object(fip).get("accounts")
        for item in held if isinstance(held, list) else ():
            entity = as_object(item)
            data = as_object(entity.get("data"))
            yield Account(
                number=text(entity, "maskedAccNumber") or "",
                bank=text(as_object(fip), "fipID", "fipId") or "",
                status=(text(entity, "FIstatus", "FIStatus", "status") or "").upper(),
                data=as_object(data.get("account")) or data,
            )


def own_accounts(session: Entity, settings: Mapping[str, Any]) -> tuple[list[Account], list[Account]]:
    """Return the accounts that are the source's, and the others; without the setting all are its own."""
    own = str(settings.get("account") or "").strip()
    mine: list[Account] = []
    others: list[Account] = []
    for account in accounts_of(session):
        (mine if not own or agree(own, account.number) else others).append(account)
    return mine, others


def outcome(session: Entity, settings: Mapping[str, Any]) -> Outcome:
    """Say what became of a session for the source's account; Rejected for a status that we don't know."""
    status = (text(session, "status") or "").upper()
    if status in _PENDING:
        return "pending"
    if status in _FAILED:
        return "failed"
    if status not in _COME:
        raise Rejected("schema.unknown_status", f"{status[:40]!r} is not a status of a session that we know.")
    mine, others = own_accounts(session, settings)
    if any(account.data for account in mine):
        return "delivered"
    if any(account.status in _NOT_YET for account in mine):
        return "pending"
    if others and not mine:
        raise Rejected(
            "statement.other_account",
            f"The consent is for account {masked(others[0].number)}; this source is account "
            f"{masked(str(settings.get('account')))}.",
            remedy="Correct the setting account, or give the consent for this account.",
        )
    return "failed"


def range_of(session: Entity) -> tuple[datetime, datetime] | None:
    """Return the time for which data was asked."""
    asked = as_object(session.get("dataRange"))
    since, until = (_moment(text(asked, name)) for name in ("from", "to"))
    return (since, until) if since is not None and until is not None else None


def is_worth_asking_anew(session: Entity, settings: Mapping[str, Any], *, now: datetime) -> bool:
    """Whether a session that failed must be begun again: the days aren't in the next rounds, and it is young."""
    asked = range_of(session)
    if asked is None or outcome(session, settings) != "failed":
        return False
    return is_long(session) and now - asked[1] < PATIENCE


def pause(session: Entity, *, now: datetime) -> timedelta:
    """How long to wait until we look again: longer the longer it takes. It was begun at the end of its range."""
    asked = range_of(session)
    age = now - asked[1] if asked is not None else timedelta()
    return min(max(_SOONEST, age / 4), _LATEST_PAUSE)


def is_given_up(session: Entity, *, now: datetime) -> bool:
    """Whether a session is so old that we ask no more; the days of a short one were asked for again by later rounds."""
    asked = range_of(session)
    return asked is not None and now - asked[1] >= PATIENCE


def is_long(session: Entity) -> bool:
    """Whether no round after it asks for all of its days again."""
    asked = range_of(session)
    return asked is not None and asked[1] - asked[0] > LONG


def _moment(written: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(written or "")
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return None
