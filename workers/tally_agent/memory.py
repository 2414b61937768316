"""What the agent remembers between rounds: how far it has read each company, and what each voucher had made.

One JSON file, replaced at once after each accepted post. It holds no secret; lost, everything is read and posted again,
which adds nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from connectors.tally.answers import Entry
from kit.errors import Rejected
from workers.tally_agent.config import write_private

_VERSION = 1
LONGEST_WINDOW = 31
UNREAD = "?"
"""Stands for what a voucher made that we couldn't read here: Munshi may know more of its ledgers."""
_ANYTHING = ("invoice", "bill", "credit_note", "payment", "payout")


@dataclass(slots=True)
class Made:
    """One voucher as it was last posted: alter id, day, and what it made (kind and the rest of the id after its GUID)."""

    alter: int
    on: date
    parts: tuple[str, ...] = ()

    def entries(self, guid: str) -> list[Entry]:
        """Return kind and id of all that it made."""
        found: list[Entry] = []
        for part in self.parts:
            if part == UNREAD:
                found += [(kind, guid) for kind in _ANYTHING]
            else:
                kind, _, rest = part.partition(":")
                found.append((kind, guid + rest))
        return found


def part_of(guid: str, entry: Entry) -> str:
    """Return an entry as it is kept."""
    kind, external_id = entry
    return f"{kind}:{external_id.removeprefix(guid)}"


@dataclass(slots=True)
class Books:
    """How far one company has been read. `masters` and `vouchers` are alter ids; None: not yet read to the end."""

    name: str
    masters: int | None = None
    vouchers: int | None = None
    reached: date | None = None
    """The first reading: the last day whose vouchers were accepted."""
    ceiling: int = 0
    """The vouchers' counter when the first reading began: later changes are read after it."""
    above: int = 0
    """Added to every alter id, once a restored backup has set Tally's counter back."""
    window: int = LONGEST_WINDOW
    """Days asked for at once; less after Tally took too long."""
    reread_on: date | None = None
    checked_at: datetime | None = None
    doubts: int = 0
    """How often a list told nothing after the counter had moved for no reason seen."""
    ledgers: dict[str, str] = field(default_factory=dict)
    made: dict[str, Made] = field(default_factory=dict)

    def keep(self, vouchers: Iterable[tuple[str, Made]]) -> dict[str, list[Entry]]:
        """Take in vouchers as just posted; return what they no longer make, by GUID."""
        dropped: dict[str, list[Entry]] = {}
        for guid, now in vouchers:
            before = self.made.get(guid)
            if before is not None and UNREAD not in now.parts:
                gone = [entry for entry in before.entries(guid) if entry not in now.entries(guid)]
                if UNREAD in before.parts:
                    gone = []
                if gone:
                    dropped[guid] = gone
            self.made[guid] = now
        return dropped


class Memory:
    """The file of what is remembered, by the GUID of each company."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._companies: dict[str, Books] = _read(place)

    def books(self, guid: str, *, name: str) -> Books:
        """Return what is known of a company, or a fresh page."""
        found = self._companies.setdefault(guid, Books(name))
        found.name = name
        return found

    def knows(self, guid: str) -> bool:
        """Return whether anything of a company was read before."""
        return guid in self._companies

    def save(self) -> None:
        """Write all of it."""
        companies = {guid: _plain(books) for guid, books in self._companies.items()}
        text = json.dumps(
            {"version": _VERSION, "companies": companies}, ensure_ascii=False, separators=(",", ":")
        )
        write_private(self._place, text)


def _read(place: Path) -> dict[str, Books]:
    try:
        told = json.loads(place.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        told = {}
    try:
        if told["version"] != _VERSION:
            raise ValueError
        return {guid: _books(row) for guid, row in told["companies"].items()}
    except (TypeError, KeyError, ValueError, AttributeError):
        raise Rejected(
            "agent.state",
            f"{place} can't be read.",
            remedy="Move it away: everything is then read again from the first day, and adds nothing twice.",
        ) from None


def _plain(books: Books) -> dict[str, Any]:
    return {
        "name": books.name,
        "masters": books.masters,
        "vouchers": books.vouchers,
        "reached": _text(books.reached),
        "ceiling": books.ceiling,
        "above": books.above,
        "window": books.window,
        "reread_on": _text(books.reread_on),
        "checked_at": _text(books.checked_at),
        "doubts": books.doubts,
        "ledgers": books.ledgers,
        "made": {guid: [made.alter, made.on.isoformat(), *made.parts] for guid, made in books.made.items()},
    }


def _books(row: dict[str, Any]) -> Books:
    def parts(told: Sequence[Any]) -> Made:
        return Made(int(told[0]), date.fromisoformat(told[1]), tuple(told[2:]))

    return Books(
        name=row["name"],
        masters=row["masters"],
        vouchers=row["vouchers"],
        reached=date.fromisoformat(row["reached"]) if row["reached"] else None,
        ceiling=row["ceiling"],
        above=row["above"],
        window=row["window"],
        reread_on=date.fromisoformat(row["reread_on"]) if row["reread_on"] else None,
        checked_at=datetime.fromisoformat(row["checked_at"]) if row["checked_at"] else None,
        doubts=row["doubts"],
        ledgers=dict(row["ledgers"]),
        made={guid: parts(told) for guid, told in row["made"].items()},
    )


def _text(moment: date | None) -> str | None:
    return None if moment is None else moment.isoformat()
