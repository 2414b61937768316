"""Setu signs nothing: the address that it calls ends in a token of ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from connectors.contract import Inbound
from tests.connectors.signing import Signer


def _sign(inbound: Inbound, secret: str, now: datetime) -> Inbound:
    return replace(inbound, url=f"https://munshi.example/ingest/mun_1?token={secret}")


signer = Signer(_sign, unsigned="it calls an address with a token in it")
