"""Zoho CRM: notifications that name records, pages that tell them, and our state written back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.contract import Inbound, Observed, Page, Pull, Vendor, WriteBack, Written
from connectors.values import check_token, text
from connectors.zoho_crm.pages import read_notification, read_page
from connectors.zoho_crm.pulling import fetch_page
from connectors.zoho_crm.writing import prepare_fields, write
from kit.errors import Denied, Rejected
from kit.json import read_json


class ZohoCrm:
    """The connector; pure but for what it asks its vendor."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG002
        """Raise Denied unless the notification repeats the token; Zoho signs nothing, so nothing of it is believed."""
        try:
            body = read_json(inbound.body)
        except Rejected:
            body = None
        given = text(body, "token") if isinstance(body, dict) else None
        if given is None:
            raise Denied("signature.missing", "The call repeats no token.")
        check_token(given, secrets=secrets)

    def observe(
        self,
        inbound: Inbound,
        *,
        source: str,  # noqa: ARG002
        settings: Mapping[str, Any],
        now: datetime,
    ) -> Observed:
        """Read a page that was pulled, or a notification."""
        body = read_json(inbound.body)
        if inbound.stream is None:
            return read_notification(body)
        return read_page(body, inbound.stream, settings, now=now)

    async def fetch(self, pull: Pull, call: Vendor) -> Page:
        """Fetch one page of what changed, records by their ids, or renew the channel."""
        return await fetch_page(pull, call)

    async def prepare(self, call: Vendor, *, settings: Mapping[str, Any]) -> None:  # noqa: ARG002
        """Make the fields that we write, where they are missing."""
        await prepare_fields(call)

    async def write_back(
        self,
        batch: Sequence[WriteBack],
        call: Vendor,
        *,
        settings: Mapping[str, Any],  # noqa: ARG002
    ) -> Sequence[Written]:
        """Write our state on accounts and deals; the same again changes nothing but the record's time."""
        return await write(batch, call)


connector = ZohoCrm()
