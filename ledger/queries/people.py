"""What is asked about the people of a business."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SalesOwners:
    """Who looks after customers by the CRM's word, most customers first: tuple[SalesOwner, ...]."""


@dataclass(frozen=True, slots=True)
class EndingSoon:
    """Whose membership ends within a week without the owners having been told (system only): tuple[EndingMember, ...]."""


@dataclass(frozen=True, slots=True)
class OwnFirms:
    """The businesses in which whoever asks is a member: tuple[FirmOfMember, ...], this one among them.

    He is the same person where the same chat is linked. Only what he holds himself tells of the others: his chat, or a
    token that neither another member made nor limits. An owner who makes a token for his accountant learns no more
    clients of his by it.
    """
