"""Things kept with a customer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """One thing as it came: its bytes, what they are, by whom and when, with which words."""

    body: bytes = field(repr=False)
    media_type: str
    filename: str
    text: str
    author: str
    at: datetime
