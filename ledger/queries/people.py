"""What is asked about the people of a business."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SalesOwners:
    """Who looks after customers by the CRM's word, most customers first: tuple[SalesOwner, ...]."""
