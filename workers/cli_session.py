"""What a command of `munshi` works with: the running Munshi's servers, or its own for the length of the command."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from kit.database import make_engine, transaction
from kit.embedded import Home, plan_servers
from kit.errors import NotFound, Rejected
from kit.settings import settings
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.store.directory import all_businesses
from ledger.store.migrate import upgrade
from workers.doorbell import close_doorbell, ring
from workers.drainer import drain

T = TypeVar("T")
CLERK = "command line"


@dataclass(frozen=True, slots=True)
class Session:
    """A door, and whether workers are there to do what a command leaves behind."""

    door: Door
    alone: bool

    async def settle(self, business: UUID) -> None:
        """See that new events are folded: ring for the workers, or do their work if there are none."""
        if self.alone:
            await drain(self.door, business)
        else:
            await ring({business})
            await close_doorbell()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The business that a command is about."""

    business: UUID
    name: str

    @property
    def clerk(self) -> Actor:
        """The command line as a system actor of that business."""
        return system(self.business, CLERK)


def run(work: Callable[[Session], Awaitable[T]]) -> T:
    """Do `work` with a session."""
    with _servers() as alone:

        async def go() -> T:
            engine = make_engine(settings().database_url, pool_size=4, application="munshi-cli")
            try:
                return await work(Session(Door(engine), alone))
            finally:
                await engine.dispose()

        return asyncio.run(go())


def ask(question: object, business: str | None) -> Any:
    """Put one question about a business, as the command line, and return its answer."""

    async def work(session: Session) -> Any:
        chosen = await choose(session, business)
        return await session.door.query(question, chosen.clerk)

    return run(work)


async def choose(session: Session, wanted: str | None) -> Chosen:
    """Return the business of this name or id; without a wish, the only one there is."""
    named = await business_names(session.door)
    if wanted is None:
        if len(named) == 1:
            ((business, name),) = named.items()
            return Chosen(business, name)
        if not named:
            raise NotFound(
                "business.none", "There is no business yet.", remedy='Found one: munshi business add "Name".'
            )
        raise Rejected(
            "business.which",
            f"There are {len(named)} businesses.",
            remedy="Say which: --business with one of " + ", ".join(sorted(named.values())) + ".",
        )
    found = [b for b, name in named.items() if wanted.casefold() == name.casefold() or wanted == str(b)]
    if len(found) > 1:
        raise Rejected("business.which", f"Two businesses are called {wanted}.", remedy="Give its id.")
    if not found:
        raise NotFound(
            "business.unknown", f"There is no business {wanted!r}.", remedy="See munshi business list."
        )
    return Chosen(found[0], named[found[0]])


async def business_names(door: Door) -> dict[UUID, str]:
    """Return every business by id with its name."""
    async with transaction(door.engine, await all_businesses(door.engine)) as tx:
        rows = await tx.fetch("SELECT business_id, name FROM businesses ORDER BY created_at")
    return {row["business_id"]: row["name"] for row in rows}


@contextmanager
def _servers() -> Iterator[bool]:
    """Set the addresses in the environment; True if we started servers of our own, which end with us."""
    config = settings()
    home = Home(config.munshi_home)
    if config.database_url:
        _use(home, database_url=config.database_url, redis_url=config.redis_url)
        yield False
        return
    running = home.running()
    if running is not None:
        _use(home, database_url=running.database_url, redis_url=running.redis_url)
        yield False
        return
    home.take()
    try:
        servers = plan_servers(home, database_url="", redis_url="none")  # nobody is there to be rung for
        try:
            servers.start()
            upgrade(servers.admin_database_url)
            home.secret_key()
            _use(home, database_url=servers.database_url, redis_url="")
            yield True
        finally:
            servers.stop()
    finally:
        home.release()


def _use(home: Home, *, database_url: str, redis_url: str) -> None:
    os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = database_url, redis_url
    if not settings().munshi_secret_key.get_secret_value() and (home.path / "secret.key").exists():
        os.environ["MUNSHI_SECRET_KEY"] = home.secret_key()
    settings.cache_clear()
