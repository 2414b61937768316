"""Comparing Tally's list of vouchers with what was told: deletions, which Tally never reports, and what was missed.

A list can be short for another reason: a request outside the company's current period (Alt+F2) brings an empty, valid
answer. So a voucher counts as deleted only where the list shows others around its day, or where Tally itself says that
its last voucher is of an earlier day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from connectors.tally import requests
from connectors.tally.answers import read_guids
from connectors.tally.requests import BATCH, Window
from kit.errors import Rejected, Retryable
from kit.logs import logger
from workers.tally_agent.memory import Made
from workers.tally_agent.telling import Telling

log = logger(__name__)
DAILY, IN_DOUBT = timedelta(hours=20), timedelta(hours=1)
FEW, SHARE = 20, 0.1
"""So many, or so large a share of all, may be gone at once without the owner's word."""
_MOST_DOUBTS = 3
_AHEAD = timedelta(days=366)


@dataclass(slots=True)
class Comparing:
    """One comparison of a company."""

    telling: Telling
    now: datetime
    believe: bool = False

    def run(self, *, unexplained: bool) -> None:
        """Compare if a day has passed, or at once where the counter moved and nothing came."""
        books = self.telling.books
        books.doubts += unexplained
        pause = IN_DOUBT if books.doubts else DAILY
        if (
            books.checked_at is not None
            and self.now - books.checked_at < pause
            and not (unexplained or self.believe)
        ):
            return
        found = self._compare()
        if found or books.doubts >= _MOST_DOUBTS:
            books.doubts = 0
        elif books.doubts:
            log.warning(
                "agent.counter_moved_but_nothing_came",
                look="a change lies outside the period that Tally shows (Alt+F2), or was undone again",
            )
            books.doubts += not unexplained
        books.checked_at = self.now
        self.telling.memory.save()

    def _compare(self) -> bool:
        """Post what was missed and what is gone; return whether there was anything."""
        telling = self.telling
        company, books = telling.company, telling.books
        first = company.books_from or min((made.on for made in books.made.values()), default=telling.today)
        last = max(telling.today, company.last_voucher or telling.today) + _AHEAD
        try:
            listed = read_guids(
                telling.port.ask(requests.voucher_guids(company.name, since=first, until=last))
            )
        except Rejected as error:
            raise Retryable(error.code, error.message, remedy=error.remedy) from None
        missed = sorted(
            alter
            for guid, alter in listed.items()
            if guid not in books.made or books.made[guid].alter < alter
        )
        for low, high in _ranges(missed):
            telling.vouchers(Window(first, last, after=low, upto=high))
        if missed:
            log.info("agent.found_missed", vouchers=len(missed))
        missing = {guid: made for guid, made in books.made.items() if guid not in listed and made.parts}
        gone = self._certain(missing, listed)
        if gone:
            highest = max(company.vouchers, *(made.alter for made in gone.values()))
            told = {guid: made.entries(guid) for guid, made in gone.items()}
            telling.change(told, alter=books.above + highest)
            for guid in gone:
                del books.made[guid]
            log.info("agent.deleted", vouchers=len(gone))
        return bool(missed or gone)

    def _certain(self, missing: dict[str, Made], listed: dict[str, int]) -> dict[str, Made]:
        """Return those that can only have been deleted; say of the others why they are kept."""
        if self.believe or not missing:
            return missing
        books, company = self.telling.books, self.telling.company
        shown = [made.on for guid, made in books.made.items() if guid in listed]
        certain = {
            guid: made
            for guid, made in missing.items()
            if (shown and min(shown) <= made.on <= max(shown)) or _after(company.last_voucher, made.on, shown)
        }
        if len(certain) > max(FEW, SHARE * len(books.made)):
            log.warning(
                "agent.many_gone",
                vouchers=len(certain),
                look="so many at once are not taken for deleted; if they are: --believe-deletions, once",
            )
            return {}
        if hidden := len(missing) - len(certain):
            days = [made.on for guid, made in missing.items() if guid not in certain]
            log.warning(
                "agent.not_visible",
                vouchers=hidden,
                days=f"{min(days)} to {max(days)}",
                look="set Tally's period (Alt+F2) from the books' first day; if they were deleted: --believe-deletions",
            )
        return certain


def _after(last_voucher: date | None, on: date, shown: list[date]) -> bool:
    """Whether Tally itself says that its last voucher, which the list shows, is of an earlier day."""
    return last_voucher is not None and bool(shown) and max(shown) >= last_voucher and on > last_voucher


def _ranges(alters: list[int]) -> list[tuple[int, int]]:
    """Return few ranges (after, upto) that hold all of these sorted alter ids, each no wider than a batch."""
    found: list[tuple[int, int]] = []
    for alter in alters:
        if found and alter - found[-1][0] <= BATCH:
            found[-1] = (found[-1][0], alter)
        else:
            found.append((alter - 1, alter))
    return found
