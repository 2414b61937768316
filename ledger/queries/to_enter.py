"""What the books lack: the list, and the files that carry it there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToEnter:
    """What we know and the books don't show, oldest first, as ToEnterPage, keyset-paged.

    `company` names the books where a business keeps several.
    """

    first: int = 50
    after: str | None = None
    company: str | None = None


@dataclass(frozen=True, slots=True)
class ToEnterFile:
    """The whole list as a file, as ToEnterFileView. `format`: xlsx and csv for people, xml for Tally's import."""

    format: str = "xlsx"
    company: str | None = None
