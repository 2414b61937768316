"""The demo firm at work: `python -m workers.simulator` founds it, sends its history, then lets things happen."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import httpx
import orjson

from connectors.contract import Inbound
from ingest.door import Appender
from ingest.files import import_file
from ingest.sources import Sources
from kit.clock import Clock, system_clock
from kit.errors import MunshiError
from kit.logs import configure_logs, logger
from kit.sealing import process_seal
from kit.settings import Settings, settings
from ledger.commands import SweepBusiness
from ledger.dispatch import Door
from ledger.domain.roles import system
from workers import process
from workers.doorbell import ring
from workers.loop import OUTAGE
from workers.mailbox import businesses_with_work
from workers.output import ANNOUNCED
from workers.simulator import bank, books, crm, gateway
from workers.simulator.feeds import Address, Sent, send, shuffled
from workers.simulator.firm import STATE_FILE, Founded, change_state, found, read_state
from workers.simulator.live import MAX_STEPS, Live
from workers.simulator.world import World, build

log = logger(__name__)
SOONEST, LATEST = 20, 40
_TOLD_EVERY = 500
_PATIENCE = 60
_ON_THE_PHONE = {"view": "ca"}
"""Who the phone calls by another name than the ledger."""


@dataclass(slots=True)
class Simulator:
    """One run of the demo firm against a running Munshi."""

    door: Door
    config: Settings
    clock: Clock = system_clock
    transport: httpx.AsyncBaseTransport | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Found the firm if it is new, tell its history if it wasn't told, and go on until told to stop."""
        firm = await found(self.door, home=self.config.munshi_home)
        world = await asyncio.to_thread(build, firm.seed, firm.founded_on)
        appender = Appender(self.door.engine, ring=ring)
        async with httpx.AsyncClient(
            base_url=self.config.public_url, timeout=30.0, transport=self.transport
        ) as client:
            if not self._state().get("sent"):
                await self._tell_history(firm, world, client, appender)
                await self._sweep_once(firm)
            self._greet(firm)
            await self._go_on(firm, Live(world), client, appender)

    async def _tell_history(
        self, firm: Founded, world: World, client: httpx.AsyncClient, appender: Appender
    ) -> None:
        messages = [*books.books_messages(world), *crm.crm_messages(world), *gateway.gateway_messages(world)]
        order = shuffled(messages, world.seed)

        def told(count: int) -> None:
            if count % _TOLD_EVERY == 0 or count == len(order):
                log.info(f"sent {count:,} of {len(order):,} webhooks")

        sent = await send(client, order, _addresses(firm), clock=self.clock, progress=told)
        _report(sent)
        files = bank.weekly_files(world)
        for number, file in enumerate(files, 1):
            await self._import(firm, bank.SOURCE, file, appender)
            if number % 9 == 0 or number == len(files):
                log.info(f"imported {number} of {len(files)} bank files")
        if not sent.given_up:
            self._save(sent=True)

    async def _sweep_once(self, firm: Founded) -> None:
        """Judge everything as each morning, once the workers have read what was sent (or a minute has passed)."""
        for _ in range(_PATIENCE):
            if firm.business_id not in await businesses_with_work(self.door.engine, self.clock()):
                break
            if await self._stopped_within(1.0):
                return
        await self.door.execute(SweepBusiness(), system(firm.business_id, "simulator"))

    async def _go_on(self, firm: Founded, live: Live, client: httpx.AsyncClient, appender: Appender) -> None:
        """Repeat what happened so far without telling it, then let the next thing happen every half minute."""
        moments = [datetime.fromisoformat(at) for at in self._state().get("moments", [])]
        for at in moments:
            live.step(at)
        pauses = Random(f"{firm.seed}:pauses:{len(moments)}")  # noqa: S311 - a model of chance, no secret
        while not await self._stopped_within(pauses.uniform(SOONEST, LATEST)):
            if live.steps >= MAX_STEPS:
                continue
            at = self.clock()
            step = live.step(at)
            moments.append(at)
            self._save(moments=[moment.isoformat() for moment in moments])
            log.info("firm.happens", what=step.words)
            try:
                _report(await send(client, step.messages, _addresses(firm), clock=self.clock, concurrency=1))
                if step.file is not None:
                    await self._import(firm, bank.SOURCE, step.file, appender)
            except OUTAGE as error:
                log.warning("firm.database_away", error=type(error).__name__)

    async def _import(self, firm: Founded, source: str, file: tuple[str, bytes], appender: Appender) -> None:
        name, body = file
        loaded = await Sources(self.door.engine, seal=process_seal).by_name(firm.business_id, source)
        summary = await import_file(
            appender, loaded, Inbound(body=body, filename=name), via="file", now=self.clock()
        )
        if summary.unreadable:
            log.warning("firm.file_unreadable", file=name, parts=len(summary.unreadable))

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _state(self) -> dict[str, Any]:
        return read_state(self.config.munshi_home / STATE_FILE)

    def _save(self, **changes: object) -> None:
        change_state(self.config.munshi_home / STATE_FILE, **changes)

    def _invite(self, firm: Founded) -> None:
        """Leave everybody's code for the phone, so that whoever is opened there can start."""
        place = self.config.munshi_home / "phone" / "invitations.json"
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        codes = {_ON_THE_PHONE.get(role, role): code for role, code in firm.link_codes.items()}
        place.write_bytes(orjson.dumps(codes))
        place.chmod(0o600)

    def _greet(self, firm: Founded) -> None:
        """Tell the one thing that whoever started the demo waits for, in a line of its own."""
        code = firm.link_codes["owner"]
        self._invite(firm)
        if self.config.telegram_api_base.startswith(self.config.public_url):
            sys.stdout.write(f"{ANNOUNCED} {self.config.public_url}/phone?start={code}\n")
            sys.stdout.flush()
        else:
            log.info(f"send this to your bot in Telegram: /start {code}")


def _addresses(firm: Founded) -> dict[str, Address]:
    return {
        name: Address(source.key, source.secret) for name, source in firm.sources.items() if source.secret
    }


def _report(sent: Sent) -> None:
    if sent.refused or sent.given_up:
        log.warning("firm.not_accepted", refused=sent.refused, given_up=sent.given_up)


async def _main() -> None:
    simulator = Simulator(process.make_door(application="munshi-simulator"), settings())
    loop = asyncio.get_running_loop()
    run = asyncio.ensure_future(simulator.run())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, simulator.stopping.set)
    stop = asyncio.ensure_future(simulator.stopping.wait())
    await asyncio.wait({run, stop}, return_when=asyncio.FIRST_COMPLETED)
    if not run.done():
        await asyncio.wait({run}, timeout=3.0)
        run.cancel()
    stop.cancel()
    try:
        await run
    except asyncio.CancelledError:
        pass
    finally:
        await simulator.door.engine.dispose()


def main() -> int:
    """Run until a signal comes; return the exit code."""
    config = settings()
    configure_logs(level=config.log_level, form=config.log_format, program="firm")
    try:
        asyncio.run(_main())
    except MunshiError as error:
        log.error("firm.failed", error=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
