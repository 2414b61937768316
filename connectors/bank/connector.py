"""Bank statement files: bytes → statements of any format → proven lines → one observation a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from connectors.bank.accounts import account_of, own_statements
from connectors.bank.columns import Guess
from connectors.bank.formats import read_statements
from connectors.bank.identity import row_key
from connectors.bank.model import Line, Statement
from connectors.bank.narration import MAX_REFERENCES, Narration, read_narration
from connectors.bank.proof import Proof, prove
from connectors.bank.tokens import document_tokens
from connectors.contract import Inbound, Observation, Observed, Unreadable
from connectors.values import account_key, masked
from kit.errors import Rejected, SourceBroken
from kit.money import format_minor

MAX_NARRATION = 1_000
MAX_BATCH_TOKENS = 48
_BANKS = frozenset({"hdfc", "icici", "sbi", "axis", "kotak"})


@dataclass(frozen=True, slots=True)
class _Reading:
    """A statement with its proof."""

    statement: Statement
    proof: Proof


class BankStatements:
    """The connector: a file is brought by a member, so there is nothing to verify; its balance is its proof."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:
        """Accept: files carry no signature; who may bring one is the door's business."""

    def observe(
        self, inbound: Inbound, *, source: str, settings: Mapping[str, Any], now: datetime
    ) -> Observed:
        """Read the statements of a file; Rejected if there is none in it or if one doesn't add up."""
        zone = _zone(settings)
        read = read_statements(inbound.body, settings)
        if read.guess is not None:
            return _unknown(read.version, read.guess)
        if not read.statements:
            raise Rejected(
                "statement.no_table",
                "No statement was found in it: no row names the columns Date, Narration (or Description), "
                "and Debit and Credit (or Amount).",
                remedy="Download the statement from net banking as Excel or CSV. The text of a PDF is not read.",
            )
        mine, others = own_statements(read.statements, settings)
        unreadable = [item for statement in mine for item in statement.table.unreadable]
        if unreadable and not any(statement.table.lines for statement in mine):
            raise Rejected(
                "statement.unreadable",
                f"None of its {len(unreadable)} rows can be read. {unreadable[0].where}: {unreadable[0].reason}",
                remedy="Download it again as Excel or CSV, unedited.",
            )
        readings = [_Reading(one, prove(one.table, one.frame, currency=one.currency)) for one in mine]
        readings.sort(key=_begins)
        account = account_of(mine, settings)
        bank = _bank(readings, source)
        observations = list(_observe_all(readings, account or source, bank, zone).values())
        return Observed(
            version=read.version,
            observations=observations,
            unreadable=[*unreadable, *others],
            ignored=[entry for reading in readings for entry in reading.statement.ignored],
            facts={
                **_facts(readings, account, bank, source, len(observations), now),
                **_currency(readings, settings),
            },
        )


connector = BankStatements()


def _unknown(version: str, guess: Guess) -> Observed:
    """Quarantine a whole file whose columns nobody has confirmed, with what we take them to be."""
    reason = (
        f"Its columns aren't known yet. They look like: {guess.told()}. Confirm them: munshi source columns."
    )
    return Observed(
        version=version,
        unreadable=[Unreadable("", "bank.columns_unknown", reason)],
        facts={
            "columns": guess.told(),
            "fingerprint": guess.fingerprint,
            "sample_rows": guess.rows,
            "proved_by_balance": guess.is_proved,
        },
    )


def _begins(reading: _Reading) -> date:
    if reading.proof.lines:
        return reading.proof.lines[0].posted_on
    period = reading.statement.frame.period
    return period[0] if period else date.max


def _observe_all(
    readings: Sequence[_Reading], account: str, bank: str, zone: ZoneInfo
) -> dict[str, Observation]:
    """Observe the lines of each statement on its own, so that a row which two of them share is one row, not a twin."""
    key = account_key(account)
    observed: dict[str, Observation] = {}
    for reading in readings:
        seen: Counter[str] = Counter()
        currency = reading.statement.currency
        for line in reading.proof.lines:
            name = row_key(line, key, seen, own=account)
            if name not in observed:
                observed[name] = _observe_line(line, name, account, bank, currency, zone)
    return observed


def _observe_line(
    line: Line, key: str, account: str, bank: str, currency: str, zone: ZoneInfo
) -> Observation:
    narration = line.narration[:MAX_NARRATION]
    said = read_narration(narration, line.reference[:200], own=account)
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
    utrs, tokens = (said.utrs, said.tokens) if line.details is None else _with_details(line, said, account)
    if references := {name: list(found) for name, found in (("utr", utrs), ("tokens", tokens)) if found}:
        data["references"] = references
    if payer := _payer(line, said):
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


def _with_details(line: Line, said: Narration, own: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Add what stands in fields of its own: references whole, and the numbers of a batch's payments."""
    details = line.details
    assert details is not None
    whole = ["".join(filter(str.isalnum, reference)).upper() for reference in details.references]
    long = [word for word in whole if 10 <= len(word) <= 40 and any(map(str.isdigit, word)) and word != own]
    utrs = tuple(dict.fromkeys([*said.utrs, *long]))[:MAX_REFERENCES]
    inside = [token for part in details.parts for token in document_tokens(part, known=utrs)]
    return utrs, tuple(dict.fromkeys([*said.tokens, *inside]))[:MAX_BATCH_TOKENS]


def _payer(line: Line, said: Narration) -> dict[str, str]:
    details = line.details
    if details and details.parts:
        return {}  # a batch has no one payer
    stated = (details.name, details.ifsc, details.account) if details else ("", "", "")
    found = (
        ("name", stated[0][:100] or said.name),
        ("vpa", said.vpa),
        ("ifsc", stated[1] or said.ifsc),
        ("account", stated[2][:40] or said.account),
    )
    return {name: value for name, value in found if value}


def _zone(settings: Mapping[str, Any]) -> ZoneInfo:
    name = settings.get("timezone") or "Asia/Kolkata"
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, KeyError):
        raise SourceBroken(
            "source.timezone",
            f"The source's timezone {str(name)[:40]!r} is not known.",
            remedy="Use Asia/Kolkata.",
        ) from None


# ---- facts of the file -----------------------------------------------------------------------------
def _bank(readings: Sequence[_Reading], source: str) -> str:
    suffix = source.partition(":")[2] or source
    if suffix in _BANKS:
        return suffix
    return next((found for reading in readings if (found := reading.statement.bank)), suffix)


def _span(reading: _Reading, now: datetime) -> tuple[date | None, date | None]:
    """Return what the statement covers: its stated period (never beyond the day it came), else its lines' days."""
    lines = reading.proof.lines
    first = min((line.posted_on for line in lines), default=None)
    last = max((line.posted_on for line in lines), default=None)
    if reading.statement.frame.period:
        start, end = reading.statement.frame.period
        if first is None or last is None:
            return start, min(end, now.date())
        return min(start, first), max(last, end) if end <= now.date() else last
    return first, last


def _facts(
    readings: Sequence[_Reading], account: str | None, bank: str, source: str, rows: int, now: datetime
) -> dict[str, Any]:
    spans = [_span(reading, now) for reading in readings]
    starts = [start for start, _ in spans if start]
    ends = [end for _, end in spans if end]
    first, last = readings[0], readings[-1]
    facts: dict[str, Any] = {
        "account": account,
        "account_masked": masked(account) if account else None,
        "bank": bank,
        "ifsc": next((one.statement.frame.ifsc for one in readings if one.statement.frame.ifsc), None),
        "covered_from": min(starts, default=None),
        "covered_until": max(ends, default=None),
        "opening": first.proof.opening,
        "closing": last.proof.closing,
        "rows": rows,
        "proven": rows > 0 and all(reading.proof.proven for reading in readings if reading.proof.lines),
        "layout": "+".join(dict.fromkeys(reading.statement.layout for reading in readings)),
        "order": "newest first" if first.proof.newest_first else "oldest first",
    }
    if reversals := sum(reading.statement.reversals for reading in readings):
        facts["reversals"] = reversals
    if warnings := [*_warnings(readings, source), *_missing(readings, spans)]:
        facts["warnings"] = warnings
    return facts


def _currency(readings: Sequence[_Reading], settings: Mapping[str, Any]) -> dict[str, str]:
    """Say the currency where it isn't the business's own: its balance can't stand beside the others."""
    currency = readings[0].statement.currency
    return {} if currency == (settings.get("currency") or "INR") else {"currency": currency}


def _warnings(readings: Sequence[_Reading], source: str) -> list[str]:
    warnings = [
        warning for reading in readings for warning in (*reading.statement.warnings, *reading.proof.warnings)
    ]
    detected = next((found for reading in readings if (found := reading.statement.bank)), None)
    suffix = source.partition(":")[2]
    if detected and suffix in _BANKS and detected != suffix:
        warnings.append(f"The file looks like a statement of {detected.upper()}; the source is {source}.")
    skipped = sum(reading.statement.table.empty_amounts for reading in readings)
    if skipped:
        warnings.append(f"{skipped} dated rows have no amount and were left out.")
    return warnings


def _missing(readings: Sequence[_Reading], spans: Sequence[tuple[date | None, date | None]]) -> list[str]:
    """Tell where the statements of a file don't follow one another: one between them is missing."""
    told = []
    for place in range(1, len(readings)):
        closing, opening = readings[place - 1].proof.closing, readings[place].proof.opening
        end, start = spans[place - 1][1], spans[place][0]
        if closing is None or opening is None or closing == opening or end is None or start is None:
            continue
        if start > end:
            currency = readings[place].statement.currency
            told.append(
                f"Between {end:%d %b %Y} and {start:%d %b %Y} lines are missing: the balance goes from "
                f"{format_minor(closing, currency)} to {format_minor(opening, currency)}."
            )
    return told
