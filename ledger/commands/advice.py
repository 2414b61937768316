"""What who may not answer says to a question: the accountant's word."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AdviseOnConflict:
    """Say what one would answer to a question. Result: ConflictView.

    It becomes the question's note and answers nothing; a question that was put off to ask stands open again. Stale if
    it was answered meanwhile.
    """

    conflict_id: UUID
    text: str
