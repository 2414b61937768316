"""Account Aggregator: notices that name a session, sessions that bring an account's lines, one observation a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from connectors.account_aggregator import polling
from connectors.account_aggregator.deposit import Deposit, Entity, read_deposit, text
from connectors.account_aggregator.identity import row_key
from connectors.account_aggregator.model import Line
from connectors.account_aggregator.narration import read_narration
from connectors.account_aggregator.proof import Proof, prove
from connectors.account_aggregator.sessions import (
    is_given_up,
    is_long,
    is_worth_asking_anew,
    outcome,
    own_accounts,
    pause,
    range_of,
)
from connectors.contract import Inbound, Observation, Observed, Page, Pull, Unreadable, Vendor, Wanted
from connectors.values import account_key, as_object, check_token, masked, read_object, zone_of
from kit.errors import Denied, Rejected
from kit.money import format_minor

VERSION = "v2"
MAX_NARRATION = 1_000


class AccountAggregator:
    """The connector; pure but for `fetch`."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG002
        """Raise Denied unless the address that was called ends in our token: nothing is signed, and little believed."""
        query = parse_qsl(inbound.url.partition("?")[2])
        given = next((value for name, value in query if name == "token"), "")
        if not given:
            raise Denied("signature.missing", "The call carries no token.")
        check_token(given, secrets=secrets)

    def observe(
        self, inbound: Inbound, *, source: str, settings: Mapping[str, Any], now: datetime
    ) -> Observed:
        """Read a notice, or a session that was fetched; Rejected if nothing of it can be understood."""
        body = read_object(inbound.body, "An answer of the account aggregator")
        if inbound.stream is None:
            return _notice(body, settings)
        if inbound.stream != polling.STREAM:
            raise Rejected("stream.unknown", f"{inbound.stream[:40]!r} is not a stream that we know.")
        if "fips" not in body and ("transactions" in body or "summary" in body):
            return _statement(body, _Asked(source, settings, now), bank="", until=None)
        return _session(body, _Asked(source, settings, now))

    async def fetch(self, pull: Pull, call: Vendor) -> Page:
        """Begin a session for a window, or look at sessions by their ids."""
        return await polling.fetch(pull, call)


class _Asked:
    """For whom and when something is read."""

    def __init__(self, source: str, settings: Mapping[str, Any], now: datetime) -> None:
        self.source = source
        self.settings = settings
        self.now = now
        self.zone = zone_of(settings)
        self.own = str(settings.get("account") or "").replace(" ", "").replace("-", "")


# ---- notices ---------------------------------------------------------------------------------------
def _notice(body: Entity, settings: Mapping[str, Any]) -> Observed:
    """A notice only says where to look: whether the consent is good is asked at the next fetch."""
    data = as_object(body.get("data"))
    status = text(data, "status") or text(as_object(body.get("error")), "code") or "no status"
    match text(body, "type"):
        case "CONSENT_STATUS_UPDATE":
            return Observed(VERSION, ignored=(f"consent: {status[:40]}",))
        case "SESSION_STATUS_UPDATE":
            session = text(body, "dataSessionId")
            if session is None or len(session) > 300:
                raise Rejected("schema.id_missing", "dataSessionId is missing.")
            own, consent = settings.get("consent_id"), text(body, "consentId")
            if own and consent and consent != own:
                return Observed(VERSION, ignored=("session of another consent",))
            if status == "PENDING":
                return Observed(VERSION, ignored=("session: PENDING",))
            return Observed(VERSION, wanted=(Wanted(polling.STREAM, session),))
        case None:
            raise Rejected("schema.field_missing", "type: the notice's name is missing.")
        case other:
            raise Rejected("schema.unknown_event", f"{other[:60]!r} is not a notice that we know.")


# ---- sessions --------------------------------------------------------------------------------------
def _session(session: Entity, asked: _Asked) -> Observed:
    own = text(session, "id")
    if own is None or len(own) > 300:
        raise Rejected("schema.id_missing", "id: the session has none.")
    became = outcome(session, asked.settings)
    if became == "delivered":
        mine, others = own_accounts(session, asked.settings)
        came = [account for account in mine if account.data]
        kinds = [(text(account.data, "type") or "deposit").lower() for account in came]
        deposits = [account for account, kind in zip(came, kinds, strict=True) if kind == "deposit"]
        left_out = [f"account {masked(account.number)} is another source's" for account in others]
        left_out += [f"{kind[:40]}: no account with lines" for kind in kinds if kind != "deposit"]
        if len({account_key(account.number) for account in deposits}) > 1:
            shown = " and ".join(sorted({masked(account.number) for account in deposits}))
            raise Rejected(
                "statement.several_accounts",
                f"The consent covers the accounts {shown}.",
                remedy="Give each account its own source, with its setting account.",
            )
        if not deposits:
            return Observed(VERSION, ignored=left_out)
        span = range_of(session)
        until = span[1].astimezone(asked.zone).date() if span is not None else None
        account = deposits[0]
        return _statement(
            account.data, asked, bank=account.bank, until=until, number=account.number, ignored=left_out
        )
    if is_given_up(session, now=asked.now):
        if not is_long(session):
            return Observed(VERSION, ignored=("session: too old, later ones have its days",))
        reason = "The bank gave no data for this session. Import a statement file for its days."
        return Observed(VERSION, unreadable=[Unreadable(f"session {own}"[:200], "session.failed", reason)])
    if became == "pending":
        again = Wanted(polling.STREAM, own, pause(session, now=asked.now))
        return Observed(VERSION, ignored=("session: not ready",), wanted=[again])
    anew = is_worth_asking_anew(session, asked.settings, now=asked.now)
    return Observed(
        VERSION, ignored=(f"session failed: {'begun anew' if anew else 'the next round asks again'}",)
    )


def _statement(
    entity: Entity,
    asked: _Asked,
    *,
    bank: str,
    until: date | None,
    number: str = "",
    ignored: Sequence[str] = (),
) -> Observed:
    deposit = read_deposit(
        entity,
        account=asked.own or number,
        zone=asked.zone,
        place=masked(asked.own or number) if asked.own or number else "the account",
        balances=not asked.settings.get("without_balances"),
    )
    left_out = [*ignored, *deposit.ignored]
    if deposit.unreadable and not deposit.lines:
        first = deposit.unreadable[0]
        raise Rejected(first.code, f"None of its {len(deposit.unreadable)} rows can be read: {first.reason}")
    proof = prove(deposit.lines, gaps=len(deposit.unreadable), currency=deposit.currency)
    start = polling.start_of(asked.settings)
    first_day = start.astimezone(asked.zone).date() if start is not None else date.min
    kept = [line for line in proof.lines if line.posted_on >= first_day]
    if len(kept) < len(proof.lines):
        left_out.append(
            f"{len(proof.lines) - len(kept)} lines before {first_day:%d %b %Y} are for statement files"
        )
    account = deposit.account or asked.source
    named = str(asked.settings.get("bank") or bank or asked.source.partition(":")[2] or asked.source)[:60]
    key, seen = account_key(account), Counter[str]()
    observations = [
        _observe(line, row_key(line, key, seen, own=account), account, named, deposit.currency, asked.zone)
        for line in kept
    ]
    return Observed(
        deposit.version,
        observations,
        deposit.unreadable,
        left_out,
        facts=_facts(deposit, proof, kept, account, named, until, asked),
    )


def _observe(line: Line, key: str, account: str, bank: str, currency: str, zone: ZoneInfo) -> Observation:
    narration = line.narration[:MAX_NARRATION]
    said = read_narration(narration, line.reference[:200], line.mode, own=account)
    data: dict[str, Any] = {
        "account": account,
        "bank": bank,
        "posted_on": line.posted_on.isoformat(),
        "amount": abs(line.amount),
        "currency": currency,
        "narration": narration,
    }
    if line.value_on is not None:
        data["value_on"] = line.value_on.isoformat()
    if said.channel is not None:
        data["channel"] = said.channel
    if references := {
        name: list(found) for name, found in (("utr", said.utrs), ("tokens", said.tokens)) if found
    }:
        data["references"] = references
    if payer := {name: value for name, value in (("vpa", said.vpa), ("ifsc", said.ifsc)) if value}:
        data["payer"] = payer
    if line.balance is not None:
        data["balance"] = line.balance
    return Observation(
        event_id=key,
        kind="bank_line",
        external_id=key,
        occurred_at=datetime.combine(line.posted_on, time(), zone),
        precision="day",
        data=data,
        event_type="bank.credited" if line.amount > 0 else "bank.debited",
    )


# ---- facts -----------------------------------------------------------------------------------------
def _facts(
    deposit: Deposit,
    proof: Proof,
    kept: Sequence[Line],
    account: str,
    bank: str,
    until: date | None,
    asked: _Asked,
) -> dict[str, Any]:
    """What the delivery covers: to the last day that was asked for, and not beyond the bank's own balance."""
    today = asked.now.astimezone(asked.zone).date()
    balance_on = deposit.balance_at.astimezone(asked.zone).date() if deposit.balance_at else None
    ends = [day for day in (until, deposit.ends_on, balance_on, today) if day is not None]
    last = max((line.posted_on for line in kept), default=None)
    stated = until is not None or deposit.ends_on is not None or balance_on is not None
    covered = max(filter(None, (min(ends), last))) if stated else last
    closing = proof.closing if proof.closing is not None else deposit.balance
    facts: dict[str, Any] = {
        "account": account,
        "account_masked": masked(account),
        "bank": bank,
        "ifsc": deposit.ifsc,
        "covered_until": min(covered, today) if covered is not None else None,
        "opening": proof.opening,
        "closing": closing,
        "rows": len(kept),
        "proven": bool(kept) and proof.proven,
    }
    if deposit.currency != (asked.settings.get("currency") or "INR"):
        facts["currency"] = deposit.currency
    is_later = deposit.balance_at is not None and all(line.at <= deposit.balance_at for line in proof.lines)
    if deposit.balance is not None and proof.closing not in (None, deposit.balance) and is_later:
        assert proof.closing is not None
        facts["warnings"] = [
            f"The bank states a balance of {format_minor(deposit.balance, deposit.currency)}; its lines give "
            f"{format_minor(proof.closing, deposit.currency)}."
        ]
    return facts


connector = AccountAggregator()
