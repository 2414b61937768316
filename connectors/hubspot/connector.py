"""HubSpot: signed webhooks that only name what changed, pages of records that say it, and our state written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.contract import Inbound, Observed, Page, Pull, Vendor, WriteBack, Written
from connectors.hubspot import signatures
from connectors.hubspot.hooks import read_hooks
from connectors.hubspot.pages import read_page
from connectors.hubspot.pulling import fetch_page
from connectors.hubspot.writing import prepare_properties, write
from kit.json import read_json


class HubSpot:
    """The connector; pure but for what it asks its vendor."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:
        """Raise Denied unless the client secret signed the call; v3 where it is there, else v2 or v1."""
        signatures.check(inbound, secrets=secrets, now=now)

    def observe(
        self,
        inbound: Inbound,
        *,
        source: str,  # noqa: ARG002
        settings: Mapping[str, Any],
        now: datetime,
    ) -> Observed:
        """Read a delivery of webhooks, or a page that was pulled."""
        body = read_json(inbound.body)
        if inbound.stream is None:
            return read_hooks(body, settings)
        return read_page(body, inbound.stream, settings, now=now)

    async def fetch(self, pull: Pull, call: Vendor) -> Page:
        """Fetch one page of what changed, or records by their ids."""
        return await fetch_page(pull, call)

    async def prepare(self, call: Vendor, *, settings: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Make the properties that we write, where they are missing."""
        await prepare_properties(call)

    async def write_back(
        self,
        batch: Sequence[WriteBack],
        call: Vendor,
        *,
        settings: Mapping[str, Any],  # noqa: ARG002
    ) -> Sequence[Written]:
        """Write our state on companies, contacts and deals; the same again changes nothing."""
        return await write(batch, call)


connector = HubSpot()
