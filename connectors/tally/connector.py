"""TallyPrime: any of its XML shapes, told apart by content → observations; pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.contract import Inbound, Observation, Observed, Precision, Unreadable
from connectors.tally.facts import Fact, marks_of
from connectors.tally.fields import day, flag, whole
from connectors.tally.ledgers import party_id
from connectors.tally.markup import Node, plain
from connectors.tally.masters import balance_fact, opening_facts, party_data
from connectors.tally.reading import Gathered, gather
from connectors.tally.records import Ledger, Voucher
from connectors.tally.reports import report_day, row_fact, side_of
from connectors.tally.vouchers import LeftOut, void_fact, voucher_facts
from kit import standard_webhooks
from kit.clock import IST
from kit.errors import Rejected, SourceBroken

VERSION = "tally-xml-1"
STREAM_HEADER = "x-tally-stream"
_LONGEST = 280
_YEAR_STARTS_IN = 4


class Tally:
    """The connector."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:
        """Raise Denied unless the agent signed these bytes by Standard Webhooks, within five minutes."""
        standard_webhooks.verify(inbound.headers, inbound.body, secrets=secrets, now=now)

    def observe(
        self,
        inbound: Inbound,
        *,
        source: str,  # noqa: ARG002  a company's vouchers are named by their GUIDs, whatever the source is called
        settings: Mapping[str, Any],
        now: datetime,
    ) -> Observed:
        """Read vouchers, masters, a bills report, or the agent's own document; Rejected if it is none of them."""
        found = gather(inbound.body, settings)
        reading = _Reading(found, _zone(settings), now, continues=flag(str(settings.get("continues", ""))))
        reading.read_masters(_books_from(found, settings, reading.today))
        reading.read_balances()
        reading.read_vouchers()
        reading.read_bills(inbound.headers.get(STREAM_HEADER, ""), inbound.filename or "")
        reading.read_changes()
        return Observed(
            version=VERSION,
            observations=reading.observations,
            unreadable=found.unreadable,
            ignored=found.ignored,
            facts=reading.facts(),
        )


@dataclass(slots=True)
class _Reading:
    """Observations in the making."""

    found: Gathered
    zone: ZoneInfo
    now: datetime
    continues: bool = False
    """The company of the year before is connected too: it has told what isn't a bill of the opening balances."""
    observations: list[Observation] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    _ids: set[str] = field(default_factory=set)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def _later(self) -> str:
        """Part of each id after a restored backup, whose alter ids were used before for something else."""
        return f"above{self.found.above}:" if self.found.above else ""

    # ---- masters -----------------------------------------------------------------------------------
    def read_masters(self, books_from: tuple[date, bool]) -> None:
        """Read parties and what was open when the books began."""
        as_on, told = books_from
        openings = False
        for ledger in self.found.masters.values():
            role = self.found.ledgers.role_of_ledger(ledger)
            if role is None:
                self._refuse(
                    f"ledger {ledger.name[:80]}",
                    Rejected(
                        "tally.group_unknown",
                        f"Its group {ledger.parent[:60]!r} isn't in the file, so what it is isn't told.",
                        remedy="Export all masters (List of Accounts), groups included.",
                    ),
                )
            elif role not in ("debtor", "creditor"):
                self.found.ignored.append(f"masters of no party: {ledger.name}")
            else:
                self._party(ledger, role)
                for fact in opening_facts(ledger, role, as_on=as_on):
                    if self.continues and fact.kind not in ("invoice", "bill"):
                        self.found.ignored.append(f"carried from last year: {ledger.name}")
                        continue
                    openings = True
                    self._opening(ledger, fact, as_on)
        if openings:
            self.notes["opening_as_on"] = f"{as_on:%d %b %Y}" + (
                "" if told else " (assumed: set books_from if the books begin on another day)"
            )

    def _party(self, ledger: Ledger, role: Any) -> None:
        self._observe(
            f"{self._later}ledger:{ledger.guid}:{ledger.alter}:{ledger.digest()}",
            "party",
            party_id(ledger.name),
            "party.upserted",
            {
                **party_data(ledger, role),
                "record": f"ledger:{ledger.guid}",
                "revision": self.found.above + ledger.alter,
            },
            occurred_at=self.now,
            precision="observed",
            sequence=self.found.above + ledger.alter,
        )

    def _opening(self, ledger: Ledger, fact: Fact, as_on: date) -> None:
        """State what was open on the first day; weaker than a voucher, so that an earlier year's own bill stands."""
        data = {**fact.data, "record": f"ledger:{ledger.guid}", "revision": self.found.above + ledger.alter}
        if fact.kind in ("invoice", "bill"):
            data["outstanding"] = data["amount"]
        self._observe(
            _short(
                f"{self._later}opening:{ledger.guid}:{ledger.alter}:{ledger.digest()}:{fact.kind}", fact.part
            ),
            fact.kind,
            _short("opening", fact.part),
            fact.event_type,
            data,
            occurred_at=self._begin(min(as_on, self.today)),
            precision="observed",
            sequence=self.found.above + ledger.alter,
        )

    # ---- balances ----------------------------------------------------------------------------------
    def read_balances(self) -> None:
        """Read what Tally says that each party owes, as on the export's day: the day of the document, else today."""
        if not self.found.balances:
            return
        as_on = min(_told_day(self.found.as_on) or self.today, self.today)
        for ledger in self.found.balances.values():
            role = self.found.ledgers.role_of_ledger(ledger)
            if role not in ("debtor", "creditor"):
                if not ledger.guid:
                    self.found.ignored.append(f"balances of no party: {ledger.name}")
                continue
            fact = balance_fact(ledger, role, as_on=as_on)
            self._observe(
                _short(f"balance:{as_on:%Y%m%d}:{fact.data['amount']}", fact.part),
                fact.kind,
                _short(f"balance:{fact.data['side']}", fact.part),
                fact.event_type,
                dict(fact.data),
                occurred_at=min(self._begin(as_on + timedelta(days=1)), self.now),
                precision="observed",
            )
        self.notes["balances_as_on"] = f"{as_on:%d %b %Y}"

    # ---- vouchers ----------------------------------------------------------------------------------
    def read_vouchers(self) -> None:
        """Read each voucher on its own; one that can't be told costs only itself."""
        for (_, _, digest), voucher in self.found.vouchers.items():
            try:
                facts = voucher_facts(voucher, self.found.ledgers, today=self.today)
            except Rejected as error:
                self._refuse(voucher.label, error)
                continue
            if isinstance(facts, LeftOut):
                self.found.ignored.append(f"{facts.reason}: {voucher.label}")
                continue
            parts: set[tuple[str, str]] = set()
            for fact in facts:
                part = fact.part
                while (fact.kind, part) in parts:
                    part += "+"  # two lines alike are two facts all the same
                parts.add((fact.kind, part))
                self._voucher_fact(voucher, replace(fact, part=part), digest)

    def _voucher_fact(self, voucher: Voucher, fact: Fact, digest: str) -> None:
        """What is dated ahead is kept apart by its id, so that it is told anew once its day has come."""
        ahead = "ahead:" if voucher.date > self.today else ""
        self._observe(
            _short(f"{self._later}{voucher.guid}:{voucher.alter}:{digest}:{ahead}{fact.kind}", fact.part),
            fact.kind,
            _short(voucher.guid, fact.part) if fact.part else voucher.guid,
            fact.event_type,
            {**_marked(fact, voucher), "record": voucher.guid, "revision": self.found.above + voucher.alter},
            occurred_at=self.now if fact.waits else self._begin(voucher.date),
            precision="observed" if fact.waits else "day",
            sequence=self.found.above + voucher.alter,
        )

    # ---- bills reports -----------------------------------------------------------------------------
    def read_bills(self, stream: str, filename: str) -> None:
        """Read the open bills of a report as on its day; advances stand on account in the vouchers, and are counted."""
        bills = self.found.bills
        if not bills:
            return
        side = side_of(bills, stream=stream, filename=filename)
        as_on = report_day(bills, today=self.today)
        advances = 0
        for bill in bills:
            try:
                fact = row_fact(bill, side)
            except Rejected as error:
                self._refuse(f"{bill.party[:60]} {bill.number[:40]}".strip(), error)
                continue
            if fact is None:
                advances += abs(bill.amount)
                self.found.ignored.append(f"advance: {bill.party} {bill.number}")
                continue
            left = fact.data["amount"]
            self._observe(
                _short(f"bills:{as_on:%Y%m%d}:{left}", fact.part),
                fact.kind,
                _short(f"bill:{left}", fact.part),
                fact.event_type,
                {**fact.data, "outstanding": left},
                occurred_at=min(self._begin(as_on), self.now),
                precision="observed",
            )
        self.notes |= {"report": f"Bills {side}", "as_on": f"{as_on:%d %b %Y}"}
        if advances:
            self.notes["advances_left_out"] = f"₹{advances // 100:,} on account: import the Day Book for them"

    # ---- the agent's own document ------------------------------------------------------------------
    def read_changes(self) -> None:
        """Read deletions and renamed ledgers, which Tally itself never reports and the agent finds by comparing."""
        told = self.found.as_on
        as_on = min(_told_day(told) or self.today, self.today)
        for node in self.found.deleted:
            self._deleted(node, as_on)
        for node in self.found.renamed:
            old, new = (plain(node.attributes.get(name, "")) for name in ("FROM", "TO"))
            if not old or not new:
                self._refuse("RENAMED", Rejected("tally.renamed", "A renamed ledger needs FROM and TO."))
                continue
            self._observe(
                _short("renamed", f"{old}:{new}:{node.attributes.get('ALTERID', '')}"),
                "party",
                party_id(old),
                "party.merged",
                {"into": party_id(new)},
                occurred_at=self._begin(as_on),
                precision="observed",
            )

    def _deleted(self, node: Node, as_on: date) -> None:
        alter = whole(node.attributes.get("ALTERID", ""))
        entries = node.all("ENTRY")
        place = f"DELETED {node.attributes.get('GUID', '')[:60]}"
        if not entries or not alter:
            self._refuse(
                place, Rejected("tally.deleted", "A deleted voucher needs ALTERID and its ENTRY rows.")
            )
        for entry in entries if alter else ():
            kind, external_id = (plain(entry.attributes.get(name, "")) for name in ("KIND", "ID"))
            try:
                fact = void_fact(kind, reason="deleted in Tally")
            except Rejected as error:
                self._refuse(place, error)
                continue
            self._observe(
                _short(f"deleted:{alter}:{kind}", external_id),
                kind,
                external_id,
                fact.event_type,
                dict(fact.data),
                occurred_at=self._begin(as_on),
                precision="day",
                sequence=alter,
            )

    # ---- both --------------------------------------------------------------------------------------
    def _observe(
        self,
        event_id: str,
        kind: str,
        external_id: str,
        event_type: str,
        data: dict[str, Any],
        *,
        occurred_at: datetime,
        precision: Precision,
        sequence: int = 0,
    ) -> None:
        if event_id in self._ids:  # the same row twice in one file
            self.found.ignored.append(f"repeated: {event_id}")
            return
        self._ids.add(event_id)
        self.observations.append(
            Observation(
                event_id=event_id,
                kind=kind,
                external_id=external_id,
                occurred_at=occurred_at,
                precision=precision,
                data=data,
                event_type=event_type,
                sequence=sequence,
            )
        )

    def _refuse(self, where: str, error: Rejected) -> None:
        self.found.unreadable.append(Unreadable(where, error.code, str(error)))

    def _begin(self, on: date) -> datetime:
        """The first moment of a day in the business's calendar: a voucher of today isn't of later than now."""
        return datetime.combine(on, time(), self.zone).astimezone(UTC)

    def facts(self) -> dict[str, Any]:
        """Tell the person who sent it: the company, the period, what was in it, what was left out."""
        found = self.found
        days = [voucher.date for voucher in found.vouchers.values()]
        told: dict[str, Any] = {}
        if found.companies:
            told["company"] = ", ".join(sorted(found.companies))
        if days:
            told["period"] = f"{min(days):%d %b %Y} to {max(days):%d %b %Y}"
            told["vouchers"] = _counted(voucher.type for voucher in found.vouchers.values())
        if parties := sum(seen.event_type == "party.upserted" for seen in self.observations):
            told["parties"] = parties
        told["read"] = _counted(str(seen.event_type) for seen in self.observations)
        if found.ignored:
            told["left_out"] = _counted(text.partition(":")[0] for text in found.ignored)
        told |= self.notes
        if found.ledgers.guessed:
            told["groups_not_told"] = (
                f"{len(found.ledgers.guessed)} parties taken for customers or vendors by their vouchers alone:"
                " import List of Accounts together with the Day Book to be sure"
            )
        return told


connector = Tally()


def _marked(fact: Fact, voucher: Voucher) -> dict[str, Any]:
    """Return a fact's data, with the mark of our own import file where the voucher came from there."""
    marks = marks_of(voucher)
    if not marks:
        return dict(fact.data)
    return {**fact.data, "references": {**(fact.data.get("references") or {}), "marks": marks}}


def _counted(items: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(items).items()))


def _short(head: str, part: str) -> str:
    """Join an id and its part; a long one keeps its beginning and a digest of the whole."""
    joined = f"{head}#{part}" if part else head
    if len(joined) <= _LONGEST:
        return joined
    return f"{joined[:200]}~{hashlib.sha256(joined.encode('utf-8', 'replace')).hexdigest()[:24]}"


def _books_from(found: Gathered, settings: Mapping[str, Any], today: date) -> tuple[date, bool]:
    """Return the first day of the books, and whether anybody told it; else the first of the financial year."""
    told = _told_day(str(settings.get("books_from") or "")) or found.books_from
    if told is not None:
        return told, True
    return date(today.year - (today.month < _YEAR_STARTS_IN), _YEAR_STARTS_IN, 1), False


def _told_day(text: str) -> date | None:
    try:
        return day(text)
    except Rejected:
        return None


def _zone(settings: Mapping[str, Any]) -> ZoneInfo:
    name = settings.get("timezone")
    if not name:
        return IST
    try:
        return ZoneInfo(str(name))
    except (ValueError, OSError, KeyError):
        raise SourceBroken(
            "source.timezone",
            f"The source's timezone {str(name)[:40]!r} is not known.",
            remedy="Use Asia/Kolkata.",
        ) from None
