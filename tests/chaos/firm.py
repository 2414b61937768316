"""A firm that lives the day: its sources, its own vendors over real HTTP, the endpoint that they call, and its clerk."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
from starlette.applications import Starlette

from connectors.contract import Inbound
from connectors.hubspot import signatures
from ingest.door import Appender
from ingest.files import ImportSummary, import_file
from ingest.pull import Puller
from ingest.rejections import RejectionTrail
from ingest.sources import Sources
from ingest.webhook import WebhookEndpoint, webhook_route
from kit import standard_webhooks
from kit.database import transaction
from kit.sealing import process_seal
from ledger.commands import AddBusiness, AddSource, ChangeSource, SetCredentials
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.queries import Sources as AskSources
from tests.chaos.day import BANK, BOOKS, CRM, GATEWAY, Day, Message, Statement, Vendors
from tests.ledger.firms import read_tables
from tests.vendors.hubspot import PORTAL
from tests.vendors.razorpay import KEYS
from tests.vendors.serving import Faulty, serving

PUBLIC = "https://munshi.example"
GATEWAY_SECRET, CRM_SECRET = "marker-gateway-first-secret", "marker-crm-client-secret"
CRM_CREDENTIALS = {
    "client_id": "marker-crm-client",
    "client_secret": "an-apps-secret",
    "refresh_token": "a-refresh-token",
}


class Line(httpx.AsyncBaseTransport):
    """The line to the vendors: its connections are kept, however many clients come and go."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(keepalive_expiry=1.0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Call a vendor."""
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Stay open for the next client."""

    async def close(self) -> None:
        """Close it for good."""
        await self._inner.aclose()


async def no_sleep(_: float) -> None:
    """Wait for nothing: the day has its own clock."""


@dataclass(slots=True)
class Firm:
    """One business with all that it is connected to."""

    door: Door
    business: UUID
    vendors: Vendors
    gateway: Faulty
    crm: Faulty
    line: Line
    web: httpx.AsyncClient
    endpoint: WebhookEndpoint
    sources: Sources
    addresses: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[str, int]] = field(default_factory=list)
    """Source and status of every webhook that was sent."""

    @property
    def owner(self) -> Actor:
        """Who owns it."""
        return Actor(self.business, Role.OWNER, "Ramesh")

    @property
    def now(self) -> datetime:
        """What time it is."""
        return self.door.clock()

    def puller(self, line: httpx.AsyncBaseTransport | None = None) -> Puller:
        """Return a worker that reads the sources, over the common line or one of its own."""
        return Puller(
            self.door.engine,
            sources=self.sources,
            seal=process_seal,
            appender=Appender(self.door.engine),
            clock=self.door.clock,
            public_url=PUBLIC,
            development=True,  # the vendors are on this machine
            transport=line or self.line,
            sleep=no_sleep,
        )

    async def connect(self, gateway: str, crm: str) -> None:
        """Connect the four sources as an owner does."""
        await self.door.execute(
            AddBusiness(self.business, f"Firm {self.business}"), system(self.business, "x")
        )
        crm_settings = {
            "base_url": crm, "token_url": f"{crm}/oauth/v1/token", "portal_id": PORTAL, "gstin_property": "gstin",
            "invoice_property": "invoice_no",
        }  # fmt: skip
        for name, connector, settings, secret in (
            (BOOKS, "standard", {}, None),
            (GATEWAY, "razorpay", {"base_url": f"{gateway}/v1", "silence_hours": 48}, GATEWAY_SECRET),
            (CRM, "hubspot", crm_settings, CRM_SECRET),
            (BANK, "bank", {"account": "000405004421"}, None),
        ):
            made = await self.door.execute(
                AddSource(name, connector, connector, settings, secret), self.owner
            )
            self.addresses[name], self.secrets[name] = made.key, made.secret or ""
        await self.door.execute(SetCredentials(GATEWAY, KEYS), self.owner)
        await self.door.execute(SetCredentials(CRM, CRM_CREDENTIALS), self.owner)
        await self.door.execute(ChangeSource(CRM, write_back=True), self.owner)

    # ---- what reaches us -----------------------------------------------------------------------------
    async def hear(self, message: Message, *, secret: str | None = None) -> httpx.Response:
        """Be called by a vendor, with a signature of the secret in force (or of `secret`)."""
        path = f"/ingest/{self.addresses[message.source]}"
        signed = secret or self.secrets[message.source]
        body = json.dumps(message.body).encode()
        headers = {"content-type": "application/json"}
        if message.source == GATEWAY:
            headers["x-razorpay-signature"] = hmac.new(signed.encode(), body, hashlib.sha256).hexdigest()
            headers["x-razorpay-event-id"] = message.id
        elif message.source == CRM:
            stamp = str(round(self.now.timestamp() * 1000))
            headers["x-hubspot-request-timestamp"] = stamp
            headers["x-hubspot-signature-v3"] = signatures.v3(signed, "POST", PUBLIC + path, body, stamp)
        else:
            headers |= standard_webhooks.sign(body, secret=signed, message_id=message.id, now=self.now)
        answer = await self.web.post(path, content=body, headers=headers)
        self.answers.append((message.source, answer.status_code))
        return answer

    async def receive(self, statement: Statement, *, via: str, name: str = "") -> ImportSummary:
        """Be given a bank file, under its own name or another one."""
        source = await self.sources.by_name(self.business, BANK)
        inbound = Inbound(statement.body, filename=name or statement.name)
        return await import_file(Appender(self.door.engine), source, inbound, via=via, now=self.now)

    # ---- what we know --------------------------------------------------------------------------------
    async def rows(self, statement: str, *arguments: Any) -> list[Any]:
        """Ask the database about this business."""
        async with transaction(self.door.engine, [self.business]) as tx:
            return await tx.fetch(statement, self.business, *arguments)

    async def tables(self) -> dict[str, list[str]]:
        """Return every read table as text."""
        async with transaction(self.door.engine, [self.business]) as tx:
            return await read_tables(tx, self.business)

    async def state(self, source: str) -> str:
        """Return how a source stands, as its owner sees it."""
        found = await self.door.query(AskSources(), self.owner)
        return next(one.state for one in found if one.name == source)

    def written(self) -> dict[str, dict[str, str]]:
        """Return our own properties as the CRM holds them."""
        return {
            f"{kind} {external_id}": ours
            for kind, records in self.vendors.hubspot.objects.items()
            for external_id, record in sorted(records.items())
            if (ours := {k: v for k, v in sorted(record.properties.items()) if k.startswith("munshi_")})
        }


@contextmanager
def served(day: Day, door: Door) -> Iterator[tuple[Vendors, Faulty, str, Faulty, str]]:
    """Serve the vendors of one firm, each on a port of its own."""
    vendors = Vendors()
    day.before(vendors)
    vendors.hubspot.written_at = lambda _: door.clock()  # type: ignore[method-assign]
    gateway, crm = Faulty(vendors.razorpay.app()), Faulty(vendors.hubspot.app)
    with ExitStack() as stack:
        yield vendors, gateway, stack.enter_context(serving(gateway)), crm, stack.enter_context(serving(crm))


@asynccontextmanager
async def founded(door: Door, day: Day, number: int) -> AsyncIterator[Firm]:
    """Found a firm, connected to its own vendors."""
    sources = Sources(door.engine, seal=process_seal, ttl=0.0)
    endpoint = WebhookEndpoint(
        sources,
        Appender(door.engine),
        trail=RejectionTrail(door.engine),
        clock=door.clock,
        max_body_bytes=64 * 1024,
        public_url=PUBLIC,
    )
    transport = httpx.ASGITransport(Starlette(routes=[webhook_route(endpoint)]))
    line = Line()
    with served(day, door) as (vendors, gateway, gateway_url, crm, crm_url):
        async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.7:8420") as web:
            firm = Firm(door, UUID(int=number), vendors, gateway, crm, line, web, endpoint, sources)
            await firm.connect(gateway_url, crm_url)
            yield firm
            await line.close()
