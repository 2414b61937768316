"""Bank statement files: bytes → table → proven lines → one observation a line."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from connectors.bank.layouts import Header, find_header
from connectors.bank.narration import read_narration
from connectors.bank.preamble import Frame, read_frame
from connectors.bank.proof import Proof, prove
from connectors.bank.statement import Line, Table, read_table
from connectors.contract import Inbound, Observation, Observed
from kit.errors import Rejected, SourceBroken
from kit.tabular import Sheet, read_book

VERSION = "statement-1"
MAX_NARRATION = 1_000
_BANKS = frozenset({"hdfc", "icici", "sbi", "axis", "kotak"})


@dataclass(frozen=True, slots=True)
class _Reading:
    header: Header
    frame: Frame
    table: Table
    proof: Proof


class BankStatements:
    """The connector: a file is brought by a member, so there is nothing to verify; its balance is its proof."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:
        """Accept: files carry no signature; who may bring one is the door's business."""

    def observe(
        self, inbound: Inbound, *, source: str, settings: Mapping[str, Any], now: datetime
    ) -> Observed:
        """Read a statement of any known layout; Rejected if there is none in it or if it doesn't add up."""
        zone = _zone(settings)
        readings = [
            reading for sheet in read_book(inbound.body).sheets if (reading := _read(sheet)) is not None
        ]
        if not readings:
            raise Rejected(
                "statement.no_table",
                "No statement was found in it: no row names the columns Date, Narration (or Description), "
                "and Debit and Credit (or Amount).",
                remedy="Download the statement from net banking as Excel or CSV. The text of a PDF is not read.",
            )
        unreadable = [item for reading in readings for item in reading.table.unreadable]
        if unreadable and not any(reading.table.lines for reading in readings):
            raise Rejected(
                "statement.unreadable",
                f"None of its {len(unreadable)} rows can be read. {unreadable[0].where}: {unreadable[0].reason}",
                remedy="Download it again as Excel or CSV, unedited.",
            )
        readings.sort(key=_begins)
        account = _account(readings, settings)
        bank = _bank(readings, source)
        observations = list(_observe_all(readings, account or source, bank, zone).values())
        return Observed(
            version=VERSION,
            observations=observations,
            unreadable=unreadable,
            facts=_facts(readings, account, bank, source, len(observations), now),
        )


connector = BankStatements()


def _read(sheet: Sheet) -> _Reading | None:
    header = find_header(sheet.rows)
    if header is None:
        return None
    table = read_table(sheet.rows, header, sheet=sheet.name)
    frame = read_frame(sheet.rows[: header.row], sheet.rows[table.last_row + 1 : table.last_row + 60])
    return _Reading(header, frame, table, prove(table, frame))


def _begins(reading: _Reading) -> date:
    if reading.proof.lines:
        return reading.proof.lines[0].posted_on
    return reading.frame.period[0] if reading.frame.period else date.max


def _observe_all(
    readings: Sequence[_Reading], account: str, bank: str, zone: ZoneInfo
) -> dict[str, Observation]:
    """Observe the lines of each sheet on its own, so that a row which two sheets share is one row, not a twin."""
    key = _account_key(account)
    observed: dict[str, Observation] = {}
    for reading in readings:
        seen: Counter[str] = Counter()
        for line in reading.proof.lines:
            observation = _observe_line(line, account, key, bank, zone, seen)
            observed.setdefault(observation.event_id, observation)
    return observed


def _observe_line(
    line: Line, account: str, key: str, bank: str, zone: ZoneInfo, seen: Counter[str]
) -> Observation:
    narration = line.narration[:MAX_NARRATION]
    said = read_narration(narration, line.reference[:200], own=account)
    row_key = _row_key(line, key, seen)
    data: dict[str, Any] = {
        "account": account,
        "bank": bank,
        "posted_on": line.posted_on.isoformat(),
        "amount": abs(line.amount),
        "currency": "INR",
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
    if payer := {
        name: value
        for name, value in (
            ("name", said.name),
            ("vpa", said.vpa),
            ("ifsc", said.ifsc),
            ("account", said.account),
        )
        if value
    }:
        data["payer"] = payer
    if line.balance is not None:
        data["balance"] = line.balance
    return Observation(
        event_id=row_key,
        kind="bank_line",
        external_id=row_key,
        occurred_at=datetime.combine(line.posted_on, time(), zone),
        precision="day",
        data=data,
        event_type="bank.credited" if line.amount > 0 else "bank.debited",
    )


def _row_key(line: Line, account_key: str, seen: Counter[str]) -> str:
    """Name a row the same in every file that holds it; real twins differ in balance, else in their ordinal."""
    narration = re.sub(r"[\W_]+", "", line.narration).upper()
    balance = "" if line.balance is None else str(line.balance)
    parts = "\x1f".join((account_key, line.posted_on.isoformat(), str(line.amount), narration, balance))
    ordinal = seen[parts]
    seen[parts] += 1
    return hashlib.sha256(f"{parts}\x1f{ordinal}".encode()).hexdigest()[:32]


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


def _account(readings: Sequence[_Reading], settings: Mapping[str, Any]) -> str | None:
    """Return the account that the file is about; Rejected if it isn't the source's own, or if it has several."""
    found = [reading.frame.account for reading in readings if reading.frame.account]
    stated = re.sub(r"[\s-]", "", str(settings.get("account") or "")) or None
    for other in found:
        if stated is not None and not _agree(stated, other):
            raise Rejected(
                "statement.other_account",
                f"The statement is of account {_masked(other)}; this source is account {_masked(stated)}.",
                remedy="Import it under the source of that account.",
            )
        if not _agree(found[0], other):
            raise Rejected(
                "statement.several_accounts",
                f"The file holds statements of {_masked(found[0])} and {_masked(other)}.",
                remedy="Send one file for each account.",
            )
    return stated or max(found, key=_visible, default=None)


def _visible(account: str) -> int:
    return sum(map(str.isdigit, account))


def _agree(one: str, other: str) -> bool:
    tails = [(re.findall(r"\d+$", account) or [""])[0] for account in (one, other)]
    length = min(len(tail.lstrip("0")) for tail in tails)
    return length > 0 and tails[0][-length:] == tails[1][-length:]


def _account_key(account: str) -> str:
    """Reduce an account to what every file of it shows: its last four digits, masked or not."""
    digits = re.findall(r"\d{3,}$", account)
    return digits[0][-4:] if digits else account


def _masked(account: str) -> str:
    return f"··{_account_key(account)}"


def _bank(readings: Sequence[_Reading], source: str) -> str:
    suffix = source.partition(":")[2] or source
    if suffix in _BANKS:
        return suffix
    return next((found for reading in readings if (found := _detected(reading))), suffix)


def _detected(reading: _Reading) -> str | None:
    return reading.frame.bank or reading.header.bank


def _span(reading: _Reading, now: datetime) -> tuple[date | None, date | None]:
    """Return what the statement covers: its stated period (never beyond the day it came), else its lines' days."""
    lines = reading.proof.lines
    first = min((line.posted_on for line in lines), default=None)
    last = max((line.posted_on for line in lines), default=None)
    if reading.frame.period:
        start, end = reading.frame.period
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
    warnings = [warning for reading in readings for warning in reading.proof.warnings]
    detected = next((found for reading in readings if (found := _detected(reading))), None)
    suffix = source.partition(":")[2]
    if detected and suffix in _BANKS and detected != suffix:
        warnings.append(f"The file looks like a statement of {detected.upper()}; the source is {source}.")
    skipped = sum(reading.table.empty_amounts for reading in readings)
    if skipped:
        warnings.append(f"{skipped} dated rows have no amount and were left out.")
    facts: dict[str, Any] = {
        "account": account,
        "account_masked": _masked(account) if account else None,
        "bank": bank,
        "ifsc": next((reading.frame.ifsc for reading in readings if reading.frame.ifsc), None),
        "covered_from": min(starts, default=None),
        "covered_until": max(ends, default=None),
        "opening": first.proof.opening,
        "closing": last.proof.closing,
        "rows": rows,
        "proven": rows > 0 and all(reading.proof.proven for reading in readings if reading.proof.lines),
        "layout": "+".join(dict.fromkeys(reading.header.layout for reading in readings)),
        "order": "newest first" if first.proof.newest_first else "oldest first",
    }
    if warnings:
        facts["warnings"] = warnings
    return facts
