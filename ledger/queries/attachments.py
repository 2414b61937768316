"""What is asked about things kept with a customer."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class KeptAttachment:
    """A thing kept with this customer, by its name. Result: AttachmentView; NotFound if it isn't one of his."""

    party_id: UUID
    attachment: str
