"""A worker: `python -m workers`. One process, a few threads, one loop; without a broker it polls PostgreSQL."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from uuid import UUID

from dramatiq import Broker, Worker

from ingest.cursors import sources_due
from kit.clock import system_clock
from kit.collector import spare_the_collector
from kit.errors import MunshiError
from kit.logs import configure_logs, logger
from kit.settings import settings
from ledger.store.webhook_calls import webhooks_due
from workers import drainer, process, puller, teller
from workers.actors import declare
from workers.broker import broker
from workers.loop import OUTAGE, until_stopped
from workers.mailbox import businesses_with_work

log = logger(__name__)
THREADS = 4
IDLE_MS = 100
"""Longest sleep of an idle consumer: half of it is what a ring waits on average."""
STOP_WITHIN_MS = 4_000
POLL_SECONDS = 0.25


def serve(one: Broker) -> None:
    """Consume rings until SIGTERM or SIGINT; what is being drained is finished, or rolled back and rung again."""
    declare(one)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    worker = Worker(one, worker_threads=THREADS, worker_timeout=IDLE_MS)
    worker.start()
    log.info("worker.ready", mode="broker", threads=THREADS)
    stopping.wait()
    worker.stop(timeout=STOP_WITHIN_MS)
    one.close()


async def poll() -> None:
    """Look for work in PostgreSQL itself, several times a second, until SIGTERM or SIGINT."""
    log.info("worker.ready", mode="polling")
    visits: set[asyncio.Task[None]] = set()
    tellings: set[asyncio.Task[None]] = set()

    async def look() -> None:
        await _drain_what_is_due()
        for running, work in ((visits, _pull_what_is_due), (tellings, _tell_what_is_due)):
            if not running:  # a slow vendor or listener keeps the next ones waiting, never the drains
                task = asyncio.create_task(work())
                running.add(task)
                task.add_done_callback(running.discard)

    await until_stopped(look, every=POLL_SECONDS)
    for task in (*visits, *tellings):
        task.cancel()
    await asyncio.gather(*visits, *tellings, return_exceptions=True)
    await process.close()


async def _drain_what_is_due() -> None:
    waiting = await businesses_with_work(process.engine(), system_clock())
    limit = asyncio.Semaphore(THREADS)

    async def one(business: UUID) -> None:
        async with limit:
            await drainer.drain(process.door(), business)

    await asyncio.gather(*(one(business) for business in waiting))


async def _pull_what_is_due() -> None:
    try:
        for due in await sources_due(process.engine(), system_clock()):
            await puller.pull(process.door(), due.business_id, due.source)
    except OUTAGE as error:
        log.warning("worker.pull_postponed", error=type(error).__name__)
    except Exception:
        log.exception("worker.pull_failed")


async def _tell_what_is_due() -> None:
    try:
        due = await webhooks_due(process.engine(), system_clock())
        await asyncio.gather(
            *(teller.tell(process.door(), one.business_id, one.webhook_id) for one in due[:THREADS])
        )
    except OUTAGE as error:
        log.warning("worker.telling_postponed", error=type(error).__name__)
    except Exception:
        log.exception("worker.telling_failed")


def main() -> int:
    """Run a worker; return the exit code."""
    config = settings()
    configure_logs(level=config.log_level, form=config.log_format, program="worker")
    try:
        one = broker()
        spare_the_collector()
        if one is None:
            asyncio.run(poll())
        else:
            serve(one)
    except MunshiError as error:
        log.error("worker.refused", code=error.code, reason=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
