"""The same day told badly: webhooks lost, late and repeated, vendors that fail, workers that die, a shape that changes."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx

import connectors.contract
from connectors.contract import Connector, Inbound, Observed
from ingest.replay import Outcome, replay
from ingest.replay_reading import source_of
from kit.json import read_json
from ledger.commands import DrainBusiness, ReplayScope, RotateSourceSecret
from ledger.domain.roles import system
from tests.chaos.day import CRM, GATEWAY, Message, Statement, at
from tests.chaos.firm import GATEWAY_SECRET, Line
from tests.chaos.telling import Telling
from tests.vendors.serving import Fault

LOST, LOST_UNTIL = at(11), at(12)
"""Of what the gateway says in this hour, no webhook ever arrives."""
ROTATED, FORGED = at(12, 10), at(12, 20)
SOON = timedelta(minutes=25)
"""So long after the lost hour all that was lost in it is here: the next round begins within 16.5 minutes (15 and a
tenth), on a tick of five, and the drain behind it may die once and be done by the next tick."""
DOWN, DOWN_UNTIL = at(12, 30), at(13, 20)
"""The CRM answers nothing but 500."""
HELD, HELD_UNTIL = at(13, 25), at(14, 10)
"""A worker waits for a page of the gateway for so long that another one takes over."""
KILLED = at(14, 15)
"""From here on the first worker that meets a second page of the CRM dies over it."""
BUSY, PAUSE = at(14, 50), timedelta(minutes=30)
REVOKED = BUSY + PAUSE
"""The first call after the pause finds that its token is no longer good."""
AWAY, AWAY_UNTIL = at(15, 40), at(16)
RESHAPED, MENDED = at(16, 10), at(18)
"""From here on the gateway writes its amounts as text; and here our reading of them is mended."""
REVOKED_TOKEN = "no-token-that-we-were-ever-given"
SECOND_SECRET = "marker-gateway-second-secret"
_DELAYS = (0, 0, 0, 4, 11, 26, 55, 88)
_PATIENCE = 20.0
"""Seconds of real time after which something that must come has not come."""


@dataclass(slots=True)
class Chaos(Telling):
    """How the unlucky firm lives the day."""

    seed: int = 0
    mend: Callable[[], None] = lambda: None
    noted: dict[str, Any] = field(default_factory=dict)
    """What was seen on the way, for the test to judge."""
    chance: random.Random = field(default_factory=random.Random)
    _done: set[str] = field(default_factory=set)
    _held: tuple[asyncio.Task[Any], Holding] | None = None

    def __post_init__(self) -> None:
        self.chance.seed(self.seed)

    async def tick(self) -> None:
        """Let go wrong what is to go wrong now, then live on."""
        hubspot = self.firm.vendors.hubspot
        hubspot.indexed_until = self.firm.now - timedelta(minutes=12)  # a search that lags behind
        for moment, mishap in self._plan():
            if self.firm.now >= moment and mishap.__name__ not in self._done:
                self._done.add(mishap.__name__)
                await mishap()
        await Telling.tick(self)

    def _plan(self) -> Sequence[tuple[datetime, Callable[[], Awaitable[None]]]]:
        return (
            (ROTATED, self._rotate), (FORGED, self._forge), (DOWN, self._crm_fails), (DOWN_UNTIL, self._crm_is_back),
            (LOST_UNTIL + SOON, self._look), (HELD_UNTIL, self._let_go), (BUSY, self._crm_is_busy), (REVOKED, self._revoke),
            (AWAY, self._gateway_fails), (AWAY_UNTIL, self._gateway_is_back), (RESHAPED, self._reshape),
            (MENDED, self._mend),
        )  # fmt: skip

    # ---- what is told --------------------------------------------------------------------------------
    def moments(self, message: Message) -> Sequence[datetime]:
        """Lose it, or deliver it late, or several times."""
        if message.source == GATEWAY and LOST <= message.at < LOST_UNTIL:
            self.noted.setdefault("lost", []).append(message)
            return []
        if message.source == CRM and "propertyChange" in str(message.body) and self.chance.random() < 0.4:
            return []
        times = self.chance.choice((1, 1, 2, 3))
        return [message.at + timedelta(minutes=self.chance.choice(_DELAYS)) for _ in range(times)]

    async def told(self) -> None:
        """Deliver what is due, in no order."""
        due = [one for one in self.waiting if one[0] <= self.firm.now]
        self.waiting = [one for one in self.waiting if one[0] > self.firm.now]
        self.chance.shuffle(due)
        for start in range(0, len(due), 4):  # several at once
            answers = await asyncio.gather(*(self.send(message) for _, message in due[start : start + 4]))
            assert set(answers) == {202}

    async def send(self, message: Message) -> int:
        """Deliver one message; the gateway signs retries of older events with the secret that it had then."""
        if message.source != GATEWAY:
            return await Telling.send(self, message)
        if message.at >= RESHAPED:
            message = replace(message, body=reshaped(message.body))
        secret = GATEWAY_SECRET if message.at < ROTATED else SECOND_SECRET
        return (await self.firm.hear(message, secret=secret)).status_code

    async def bring(self, statement: Statement) -> None:
        """Bring a file twice: forwarded to the chat, and once more under another name, with other line ends."""
        first = await self.firm.receive(statement, via="chat")
        again = await self.firm.receive(statement, via="file", name="Nov (copy).csv")
        resaved = replace(statement, body=statement.body.replace(b"\r\n", b"\n"))
        third = await self.firm.receive(resaved, via="file", name="Nov (edited).csv")
        self.noted.setdefault("files", []).append((first, again, third))

    async def _look(self) -> None:
        """See which of the things that the lost webhooks told of we know."""
        known = await self.firm.rows(
            "SELECT external_id, state->>'type' AS type FROM identities WHERE business_id = $1 AND source = $2",
            GATEWAY,
        )
        self.noted["known after the lost hour"] = {row["external_id"]: row["type"] for row in known}

    # ---- secrets -------------------------------------------------------------------------------------
    async def _rotate(self) -> None:
        await self.firm.door.execute(RotateSourceSecret(GATEWAY, SECOND_SECRET), self.firm.owner)

    async def _forge(self) -> None:
        forged = self.day.steps[0].told[0]
        body = {"event": "payment.captured", "payload": {}, "created_at": 1}
        for number in range(3):
            message = replace(forged, source=GATEWAY, id=f"forged_{number}", body=body)
            answer = await self.firm.hear(message, secret="guessed")
            self.noted.setdefault("forged", []).append(answer.status_code)

    async def _revoke(self) -> None:
        self.noted["calls after the pause"] = len(self.firm.crm.calls)
        self.noted["renewed before"] = self.firm.vendors.hubspot.renewed
        self.firm.vendors.hubspot.token = REVOKED_TOKEN

    # ---- vendors -------------------------------------------------------------------------------------
    async def _crm_fails(self) -> None:
        self.firm.crm.next(Fault(200, body=b'{"results": [', cut_short=True))
        self.firm.crm.app = failing(500)
        self.noted["crm calls before"] = len(self.firm.crm.calls)

    async def _crm_is_back(self) -> None:
        self.noted["crm calls while it was down"] = len(self.firm.crm.calls) - self.noted["crm calls before"]
        self.noted["crm while it was down"] = await self.firm.state(CRM)
        self.firm.crm.faults.clear()
        self.firm.crm.app = self.firm.vendors.hubspot.app

    async def _crm_is_busy(self) -> None:
        seconds = str(int(PAUSE.total_seconds()))
        self.firm.crm.next(Fault(429, headers={"retry-after": seconds}, only_path="/search"))

    async def _gateway_fails(self) -> None:
        self.firm.gateway.app = failing(502)

    async def _gateway_is_back(self) -> None:
        self.firm.gateway.app = self.firm.vendors.razorpay.app()
        cut = Fault(200, body=b'{"entity": "collection", "count": 3, "items": [{', cut_short=True)
        self.firm.gateway.next(cut, Fault(429), Fault(503, headers={"retry-after": "5"}), cut)

    async def _reshape(self) -> None:
        self.firm.gateway.app = Reshaping(self.firm.gateway.app)

    async def _mend(self) -> None:
        """Our reading is mended, and what waited is read again."""
        asked = "SELECT status, evidence FROM conflicts WHERE business_id = $1 AND rule = 'schema_drift'"
        waits = "SELECT code, diff FROM quarantine WHERE business_id = $1 AND resolved_at IS NULL"
        self.noted["drift"] = await self.firm.rows(asked)
        self.noted["quarantined"] = await self.firm.rows(waits)
        self.mend()
        scope = ReplayScope(source=GATEWAY, quarantine=True)
        outcome: Outcome = await replay(self.firm.door, self.firm.owner, scope, apply=True)
        self.noted["replay"] = outcome

    # ---- workers -------------------------------------------------------------------------------------
    async def read(self, source: str) -> None:
        """Visit a source, now and then with two workers at once; one dies over a page, one waits for it too long."""
        if source == CRM and self.firm.now >= KILLED and "killed" not in self.noted:
            if stuck := await self._stuck(CRM, Holding("/companies/search", after=1)):
                await self._kill(stuck)
        elif source == GATEWAY and HELD <= self.firm.now < HELD_UNTIL and self._held is None:
            line = Holding("/payments")
            if stuck := await self._stuck(GATEWAY, line):
                self._held = (stuck, line)
        else:
            crm = self.firm.vendors.hubspot
            # Two workers that renew a token at once each make the other's worthless in this vendor's eyes.
            alone = source == CRM and (self.firm.crm.faults or not crm.renewed or crm.token == REVOKED_TOKEN)
            workers = 2 if self.chance.random() < 0.3 and not alone else 1
            visits = [self.firm.puller().pull(self.firm.business, source) for _ in range(workers)]
            await asyncio.gather(*visits)
        if "asked for a pause" not in self.noted and self.firm.now >= BUSY and not self.firm.crm.faults:
            self.noted["asked for a pause"] = (self.firm.now, len(self.firm.crm.calls))

    async def _stuck(self, source: str, line: Holding) -> asyncio.Task[Any] | None:
        """Let a worker visit a source until its line holds an answer back; None if it came through."""
        task = asyncio.create_task(self.firm.puller(line).pull(self.firm.business, source))
        waits = asyncio.create_task(line.reached.wait())
        await asyncio.wait([task, waits], return_when=asyncio.FIRST_COMPLETED, timeout=_PATIENCE)
        waits.cancel()
        if line.reached.is_set():
            return task
        await asyncio.wait_for(task, _PATIENCE)
        return None

    async def _kill(self, worker: asyncio.Task[Any]) -> None:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        asked = "SELECT position, leased_until FROM pulls WHERE business_id = $1 AND stream = 'companies' AND lane = 'live'"
        self.noted["killed"] = dict((await self.firm.rows(asked))[0])

    async def _let_go(self) -> None:
        assert self._held is not None, "no worker was held up"
        worker, line = self._held
        taken = (
            "SELECT started_at FROM pulls WHERE business_id = $1 AND stream = 'payments' AND lane = 'live'"
        )
        self.noted["taken over"] = (await self.firm.rows(taken))[0]["started_at"]
        line.go.set()
        await asyncio.wait_for(worker, _PATIENCE)

    async def drain(self) -> None:
        """Drain, but the drainer dies in the middle now and then, and leaves the rest for later."""
        firm = self.firm
        while self.chance.random() < 0.4:
            task = asyncio.create_task(
                firm.door.execute(DrainBusiness(limit=3), system(firm.business, "drainer"))
            )
            for _ in range(self.chance.randrange(200)):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if self.chance.random() < 0.3:
                return
        await Telling.drain(self)


class Holding(Line):
    """A line on which the answer to one call (after so many like it) doesn't come until it is let go."""

    def __init__(self, path: str, *, after: int = 0) -> None:
        super().__init__()
        self._path = path
        self._before = after
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Call a vendor, and wait with the answer."""
        if self._path in request.url.path and not self.reached.is_set():
            if self._before == 0:
                self.reached.set()
                await self.go.wait()
            self._before -= 1
        return await super().handle_async_request(request)

    async def aclose(self) -> None:
        """It is of one worker only."""
        await self.close()


# ---- another shape -----------------------------------------------------------------------------------
def reshaped(value: Any) -> Any:
    """Write every amount as text, as the gateway does from that day on."""
    match value:
        case dict():
            return {k: str(v) if k == "amount" and type(v) is int else reshaped(v) for k, v in value.items()}
        case list():
            return [reshaped(item) for item in value]
    return value


def _as_before(value: Any) -> Any:
    match value:
        case dict():
            return {
                k: int(v) if k == "amount" and isinstance(v, str) else _as_before(v) for k, v in value.items()
            }
        case list():
            return [_as_before(item) for item in value]
    return value


class Mended:
    """The connector that reads both shapes."""

    def __init__(self, inner: Connector) -> None:
        self._inner: Any = inner
        self.verify = inner.verify
        self.fetch = self._inner.fetch

    def observe(
        self, inbound: Inbound, *, source: str, settings: Mapping[str, Any], now: datetime
    ) -> Observed:
        """Read a delivery of either shape."""
        try:
            body = json.dumps(_as_before(read_json(inbound.body))).encode()
        except Exception:
            body = inbound.body
        observed: Observed = self._inner.observe(
            replace(inbound, body=body), source=source, settings=settings, now=now
        )
        return observed


def mend(monkeypatch: Any) -> None:
    """Put the mended connector in the place of the other, as a new version of ours would."""
    before = connectors.contract.load_connector

    def load(name: str) -> Connector:
        return Mended(before(name)) if name == "razorpay" else before(name)

    for module in ("ingest.sources", "ingest.replay_reading"):
        monkeypatch.setattr(f"{module}.load_connector", load)
    source_of.cache_clear()


def failing(status: int) -> Any:
    """Return an app that answers nothing but one status."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    return app


class Reshaping:
    """An app whose answers have the new shape."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer with every amount as text."""
        started: dict[str, Any] = {}

        async def changed(message: Any) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
                return
            body = json.dumps(reshaped(json.loads(message["body"]))).encode()
            headers = [(k, v) for k, v in started["headers"] if k != b"content-length"]
            await send({**started, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
            await send({**message, "body": body})

        await self._app(scope, receive, changed)
