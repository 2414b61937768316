"""One round: which company is open, what moved in it since the last time, and all of that posted.

What is remembered moves on only after Munshi accepted it, so that a round that was cut off is simply repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from connectors.tally import requests
from connectors.tally.answers import Company, read_companies
from connectors.tally.ledgers import key
from connectors.tally.requests import BATCH, Window
from kit.clock import IST, Clock, system_clock
from kit.errors import Rejected, Retryable, SourceBroken
from kit.logs import logger
from workers.tally_agent.comparing import Comparing
from workers.tally_agent.config import Config
from workers.tally_agent.memory import LONGEST_WINDOW, Books, Memory
from workers.tally_agent.port import Port
from workers.tally_agent.posting import Counts, Post
from workers.tally_agent.telling import Telling

log = logger(__name__)
AHEAD = timedelta(days=366)
"""How far in the future vouchers are looked for: post-dated cheques."""
REREAD = timedelta(days=15)
"""Numbers shift without a new alter id, and vouchers dated ahead begin to count on their day."""
_TOO_MUCH = frozenset(["tally.slow", "tally.too_much"])


@dataclass(slots=True)
class Round:
    """What a round works with; `posted` counts what Munshi answered."""

    config: Config
    port: Port
    post: Post
    memory: Memory
    clock: Clock = system_clock
    believe: bool = False
    """Take the owner's word that what can't be seen was deleted."""
    posted: Counts = field(default_factory=Counts)

    def run(self) -> None:
        """Do one round; Retryable: try later; SourceBroken: the owner must do something first."""
        company = self.company()
        known = self.memory.knows(company.guid)
        books = self.memory.books(company.guid, name=company.name)
        if not known:
            log.info("agent.company", company=company.name, books_from=str(company.books_from or "not told"))
        today = self.clock().astimezone(IST).date()
        telling = Telling(self.port, self.post, self.memory, company, books, today=today, posted=self.posted)
        if books.vouchers is not None and 0 < company.vouchers < books.vouchers:
            _start_over(books)
        telling.masters()
        if books.vouchers is None:
            self._read_all(telling, books)
        moved = self._read_changes(telling, books)
        if books.reread_on != today:
            telling.vouchers(Window(today - REREAD, today + AHEAD))
            books.reread_on = today
            self.memory.save()
        Comparing(telling, now=self.clock(), believe=self.believe).run(unexplained=moved == 0)
        if self.posted.quarantined:
            log.warning(
                "agent.not_understood", parts=self.posted.quarantined, look="Munshi's chat asks about them"
            )

    def company(self) -> Company:
        """Return the company to read; Retryable while it isn't the one that is open."""
        try:
            found = read_companies(self.port.ask(requests.companies()))
        except Rejected as error:
            raise Retryable(error.code, error.message, remedy=error.remedy) from None
        wanted = key(self.config.company)
        named = ", ".join(company.name for company in found)
        if not found:
            raise Retryable(
                "tally.nothing", "No company is open in Tally.", remedy="Open it, and leave it open."
            )
        chosen = [company for company in found if key(company.name) == wanted] if wanted else found
        if not chosen:
            raise Retryable(
                "tally.other_company",
                f"{self.config.company} isn't open in Tally; open is: {named}.",
                remedy="Open it; for a new year's company run `munshi tally-agent setup` again.",
            )
        if len(chosen) > 1:
            raise SourceBroken(
                "tally.which_company",
                f"Several companies are open in Tally: {named}.",
                remedy="Say which one: `munshi tally-agent setup`, or --company.",
            )
        if not chosen[0].guid:
            raise Retryable(
                "tally.answer", "Tally doesn't tell the company's GUID.", remedy="Update TallyPrime."
            )
        return chosen[0]

    # ---- the first reading -------------------------------------------------------------------------
    def _read_all(self, telling: Telling, books: Books) -> None:
        """Read all vouchers from the books' first day, a month at a time or less, going on where it broke off."""
        company, today = telling.company, telling.today
        first = company.books_from or date(today.year - 2, 4, 1)
        last = max(today, company.last_voucher or today) + AHEAD
        if books.reached is None:
            books.ceiling = company.vouchers
        at = first if books.reached is None else books.reached + timedelta(days=1)
        while at <= last:
            until = min(_month_end(at), at + timedelta(days=books.window - 1), last)
            if at > last - AHEAD and books.window == LONGEST_WINDOW:
                until = last  # nothing but what is dated ahead
            try:
                count = telling.vouchers(Window(at, until))
            except Retryable as error:
                if error.code not in _TOO_MUCH or at == until:
                    raise
                books.window = max(1, min(books.window, (until - at).days + 1) // 2)
                log.warning("agent.asking_for_less", days=books.window, why=error.code)
                continue
            books.reached, at = until, until + timedelta(days=1)
            self.memory.save()
            log.info(
                "agent.read", until=str(min(until, last)), vouchers=count, of_days=_share(first, until, last)
            )
        books.vouchers = books.ceiling or max((made.alter for made in books.made.values()), default=0)
        books.window, books.reread_on = LONGEST_WINDOW, today
        self.memory.save()
        if not books.made and company.vouchers:
            log.warning(
                "agent.nothing_came",
                company=company.name,
                look="Tally counts vouchers but shows none: set its period (Alt+F2) from the books' first day",
            )
            books.doubts = 1

    # ---- changes -----------------------------------------------------------------------------------
    def _read_changes(self, telling: Telling, books: Books) -> int | None:
        """Read what was entered or altered since; return how many vouchers came, None where the counter stood still."""
        company = telling.company
        assert books.vouchers is not None
        top, came = company.vouchers, 0
        if top == books.vouchers and top:
            return None
        first = company.books_from or date(telling.today.year - 2, 4, 1)
        last = max(telling.today, company.last_voucher or telling.today) + AHEAD
        for low, high in _batches(books.vouchers, top):
            came += self._read_batch(telling, Window(first, last, after=low, upto=high))
            books.vouchers = (
                high
                if high is not None
                else max((made.alter for made in books.made.values()), default=books.vouchers)
            )
            self.memory.save()
        return came if top else None

    def _read_batch(self, telling: Telling, window: Window) -> int:
        """Read a batch, in halves where it takes Tally too long."""
        try:
            return telling.vouchers(window)
        except Retryable as error:
            low, high = window.after, window.upto
            if error.code not in _TOO_MUCH or low is None or high is None or high - low < 2:
                raise
            middle = (low + high) // 2
            log.warning("agent.asking_for_less", alterations=middle - low, why=error.code)
            return sum(
                self._read_batch(telling, Window(window.since, window.until, after=after, upto=upto))
                for after, upto in ((low, middle), (middle, high))
            )


def _start_over(books: Books) -> None:
    """The counter went back: a backup was restored. Read all of it anew, as later than all that was told."""
    highest = max([books.vouchers or 0, *(made.alter for made in books.made.values())])
    log.warning("agent.backup_restored", look="Tally's counter went back; everything is read anew")
    books.above += highest
    for made in books.made.values():
        made.alter = 0  # below whatever the restored books count
    books.masters = books.vouchers = books.reached = None


def _batches(low: int, top: int) -> Iterator[tuple[int, int | None]]:
    """Yield ranges of alter ids; one without end where Tally doesn't tell its counter."""
    if not top:
        yield low, None
        return
    while low < top:
        high = min(low + BATCH, top)
        yield low, high
        low = high


def _month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _share(first: date, until: date, last: date) -> str:
    return f"{(until - first).days + 1} of {(last - first).days + 1}"
