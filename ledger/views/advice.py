"""Who may be asked about a question."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Adviser:
    """A member who knows the books; `linked`: he has a chat in which he can be asked."""

    id: UUID
    name: str
    role: str
    linked: bool
