"""Asking Tally for masters and vouchers of one company and posting them, with what they no longer make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import quoteattr

from connectors.contract import Inbound
from connectors.tally import requests
from connectors.tally.answers import Company, Entry, changes, entries, together
from connectors.tally.connector import connector
from connectors.tally.fields import day, whole
from connectors.tally.ledgers import ACCOUNTING, NOT_IN_THE_BOOKS, key
from connectors.tally.markup import Node, plain, read_records
from connectors.tally.records import named
from connectors.tally.requests import Window
from kit.errors import Rejected, SourceBroken
from kit.logs import logger
from workers.tally_agent.memory import UNREAD, Books, Made, Memory, part_of
from workers.tally_agent.parts import Answer, take_apart
from workers.tally_agent.port import Port
from workers.tally_agent.posting import Counts, Post, TooLarge

log = logger(__name__)
_ROWS = 5_000
"""Deletions in one post."""


@dataclass(slots=True)
class Telling:
    """One company's words on their way to Munshi; what is remembered changes with what was accepted."""

    port: Port
    post: Post
    memory: Memory
    company: Company
    books: Books
    today: date
    posted: Counts

    # ---- masters -----------------------------------------------------------------------------------
    def masters(self) -> None:
        """Post the ledgers that changed, with all groups; all ledgers where a group moved, or at first."""
        books, name, counter = self.books, self.company.name, self.company.masters
        if books.masters is not None and counter == books.masters and counter:
            return
        groups = self.port.ask(requests.groups(name))
        types = self.port.ask(requests.voucher_types(name))
        after = books.masters
        if after is not None and _highest(groups, "GROUP") > after:
            after = None
        first = self.company.books_from or self.today
        ledgers = self.port.ask(requests.ledgers(name, books_from=first, after=after))
        found = take_apart(ledgers, "LEDGER")
        for part in found.bodies():
            self._send(part, "masters", [self._about_company(), groups, types])
        self._rename(ledgers)
        books.masters = counter or max(_highest(ledgers, "LEDGER"), _highest(groups, "GROUP"))
        self.memory.save()
        if found.records:
            log.info("agent.masters", ledgers=len(found.records))

    def _about_company(self) -> bytes:
        """Say since when the books run: opening balances are of that day."""
        begun = self.company.books_from
        told = f'<BOOKSFROM TYPE="Date">{begun:%Y%m%d}</BOOKSFROM>' if begun else ""
        return f"<COMPANY NAME={quoteattr(self.company.name)}>{told}</COMPANY>".encode()

    def _rename(self, ledgers: bytes) -> None:
        """Tell ledgers that have another name than before: vouchers know a party by nothing else."""
        renamed: list[tuple[str, str]] = []
        for node in read_records(ledgers):
            if node.name == "LEDGER" and (guid := node.said("GUID")):
                before, now = self.books.ledgers.get(guid), named(node)
                if before is not None and key(before) != key(now):
                    renamed.append((before, now))
                self.books.ledgers[guid] = now
        if renamed:
            self.change({}, alter=self.books.above + self.company.masters, renamed=renamed)

    # ---- vouchers ----------------------------------------------------------------------------------
    def vouchers(self, window: Window) -> int:
        """Post the vouchers of a window; return how many there were."""
        answer = self.port.ask(requests.vouchers(self.company.name, window))
        found = take_apart(answer, "VOUCHER")
        if not found.records:
            return 0
        beside = self._beside(answer)
        for part in found.bodies():
            self._send(part, "vouchers", beside)
        return len(found.records)

    def _beside(self, answer: bytes) -> list[bytes]:
        """What a reader of these vouchers needs besides: types of types, and groups where this release left them out."""
        bases, grouped = set(), True
        for node in read_records(answer):
            if node.name == "VOUCHER":
                bases.add(key(node.said("MUNSHIBASE") or node.said("VOUCHERTYPENAME")))
                lines = node.all("ALLLEDGERENTRIES.LIST", "LEDGERENTRIES.LIST")
                grouped &= all(line.said("MUNSHIGROUP", "MUNSHIPARENT") for line in lines)
        name, beside = self.company.name, []
        if not bases <= ACCOUNTING | NOT_IN_THE_BOOKS:
            beside.append(self.port.ask(requests.voucher_types(name)))
        if not grouped:
            beside.append(self.port.ask(requests.groups(name)))
            beside.append(self.port.ask(requests.ledger_groups(name)))
        return beside

    def _send(self, part: Answer, stream: str, beside: Sequence[bytes]) -> None:
        """Post a part, halved until it is taken; then tell what its vouchers no longer make, and remember."""
        body = together(self.company.name, [*beside, part.xml()], as_on=self.today, above=self.books.above)
        try:
            self.posted.add(self.post.send(body, stream=stream))
        except TooLarge:
            halves = part.halves()
            if not halves:
                raise SourceBroken(
                    "munshi.too_large",
                    "A single record of Tally's is more than Munshi takes.",
                    remedy="Raise MAX_BODY_BYTES of Munshi.",
                ) from None
            for half in halves:
                self._send(half, stream, beside)
            return
        if part.kind == "VOUCHER":
            for guid, gone in self.books.keep(self._made(body)).items():
                self.change({guid: gone}, alter=self.books.above + self.books.made[guid].alter)

    def _made(self, body: bytes) -> Iterable[tuple[str, Made]]:
        """Read what each voucher of a body makes, as Munshi reads it."""
        try:
            observed = connector.observe(Inbound(body), source="", settings={}, now=self.post.clock())
            made, all_read = entries(observed.observations), not observed.unreadable
        except Rejected:
            made, all_read = {}, False
        for node in read_records(body):
            if node.name != "VOUCHER":
                continue
            guid = _guid(node)
            on = _day(node)
            if guid and on is not None:
                parts = tuple(dict.fromkeys(part_of(guid, entry) for entry in made.get(guid, ())))
                yield guid, Made(whole(node.said("ALTERID")), on, parts or (() if all_read else (UNREAD,)))

    # ---- what Tally never tells --------------------------------------------------------------------
    def change(
        self, gone: Mapping[str, Sequence[Entry]], *, alter: int, renamed: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Post deletions and new names, in several posts where they are many."""
        rows = list(gone.items())
        for start in range(0, max(len(rows), 1), _ROWS):
            body = changes(
                self.company.name,
                as_on=self.today,
                alter=alter,
                gone=dict(rows[start : start + _ROWS]),
                renamed=renamed if start == 0 else (),
            )
            self.posted.add(self.post.send(body, stream="changes"))


def _guid(node: Node) -> str:
    return node.said("GUID") or plain(node.attributes.get("REMOTEID", ""))


def _day(node: Node) -> date | None:
    try:
        return day(node.said("DATE"))
    except Rejected:
        return None


def _highest(answer: bytes, kind: str) -> int:
    return max((whole(node.said("ALTERID")) for node in read_records(answer) if node.name == kind), default=0)
