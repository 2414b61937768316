"""Zoho Books: pages of what changed, records by id, and the webhook of a workflow that sends the whole record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.contract import Inbound, Observed, Page, Pull, Vendor
from connectors.zoho_books import signatures
from connectors.zoho_books.pages import read_page, read_pushed
from connectors.zoho_books.pulling import fetch_page
from kit.json import read_json


class ZohoBooks:
    """The connector; pure but for what it asks its vendor."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG002
        """Raise Denied unless the workflow's secret signed the call."""
        signatures.check(inbound, secrets=secrets)

    def observe(
        self,
        inbound: Inbound,
        *,
        source: str,  # noqa: ARG002
        settings: Mapping[str, Any],
        now: datetime,
    ) -> Observed:
        """Read a page, a record, or what a workflow sent; the same record is the same thing however it came."""
        body = read_json(inbound.body)
        if inbound.stream is None:
            return read_pushed(body, settings, now=now)
        return read_page(body, inbound.stream, settings, now=now)

    async def fetch(self, pull: Pull, call: Vendor) -> Page:
        """Fetch one page of what changed, or records by their ids."""
        return await fetch_page(pull, call)


connector = ZohoBooks()
