"""What one request carries: who asks, one snapshot for all its questions, and loaders that queue on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import Any, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from kit.errors import MunshiError, NotFound
from ledger import queries, views
from ledger.dispatch import Door, Reader
from ledger.domain.roles import Actor, system
from ledger.queries.forecast import ExpectedBills
from ledger.queries.people import OwnFirms
from ledger.store.once import Once
from ledger.views.forecast import BillExpectation

Ring = Callable[[set[UUID]], Awaitable[None]]


Key = TypeVar("Key")
Loaded = TypeVar("Loaded")


class Loader(DataLoader[Key, Loaded]):
    """Loads many keys at once. Who waits for a key may be cancelled, as a field is whose neighbour fails: the others
    that wait for the same key still get it."""

    def load(self, key: Key) -> Awaitable[Loaded]:
        """Return what waits for a key by itself."""
        return asyncio.shield(super().load(key))


class Request:
    """One GraphQL request. Questions run one after another on one read-only snapshot, opened by the first of them.

    A command runs in its own transaction; what is read after it is read on a new snapshot.
    """

    def __init__(
        self,
        door: Door,
        actor: Actor,
        *,
        ring: Ring | None = None,
        public_url: str = "",
        development: bool = False,
    ) -> None:
        self.actor = actor
        self.public_url = public_url
        self.development = development
        self.statements = 0
        """SQL statements that the questions of this request took."""
        self.cost = 0
        """What it asks for, in rows, as limits.py reckons."""
        self._door = door
        self._ring = ring
        self._turn = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._reader: Reader | None = None
        self._asking: set[asyncio.Task[Any]] = set()
        self._key: str | None = None
        self._step = 0
        self._make_loaders()

    def _make_loaders(self) -> None:
        self.parties: Loader[UUID, views.PartyBrief | None] = Loader(self._load_parties)
        self.invoices: Loader[UUID, views.InvoiceView | None] = Loader(self._load_invoices)
        self.expected: Loader[UUID, BillExpectation | None] = Loader(self._load_expected)
        self.streams: Loader[str, tuple[views.StreamView, ...]] = Loader(self._load_streams)
        self.written: Loader[str, views.WriteBackView | None] = Loader(self._load_written)
        self._by_ids: dict[Any, Loader[UUID, Any]] = {}

    def by_ids(self, question: Callable[..., Any], *fixed: Any) -> Loader[UUID, Any]:
        """Return the loader of a question that is asked of many ids at once, with what else it takes before them."""
        if (question, fixed) not in self._by_ids:

            async def load(ids: Sequence[UUID]) -> list[Any]:
                found = await self.ask(question(*fixed, ids=tuple(ids)))
                return [found.get(key) for key in ids]

            self._by_ids[question, fixed] = Loader(load)
        return self._by_ids[question, fixed]

    @property
    def door(self) -> Door:
        """The door itself, for what is more than one command: files and replays."""
        return self._door

    async def leave_snapshot(self) -> None:
        """Give the connection back; what is asked from here on is read on a new snapshot."""
        async with self._turn:
            await self._end_snapshot()

    async def ring(self) -> None:
        """Tell the workers that there is work, and read on a new snapshot what is asked from here on."""
        await self.leave_snapshot()
        if self._ring is not None:
            await self._ring({self.actor.business_id})
        self._make_loaders()

    async def ask(self, question: Any) -> Any:
        """Answer one question on the request's snapshot, in its turn."""
        task = asyncio.current_task()
        if task is not None:
            self._asking.add(task)
        try:
            async with self._turn:
                if self._reader is None:
                    reading = self._door.reading(self.actor, first=question)
                    self._reader = await self._stack.enter_async_context(reading)
                before = self._reader.tx.statements
                try:
                    return await self._reader.query(question)
                except MunshiError:
                    raise
                except BaseException:
                    await self._end_snapshot()  # the transaction is broken: the next question gets a new one
                    raise
                finally:
                    if self._reader is not None:
                        self.statements += self._reader.tx.statements - before
        finally:
            if task is not None:
                self._asking.discard(task)

    async def memberships(self) -> list[views.ChatMemberView]:
        """Return the asker's memberships, this one first; each business is asked at its own door."""
        found: list[views.ChatMemberView] = []
        for firm in await self.ask(OwnFirms()):
            clerk = system(firm.business_id, "graphql")
            try:
                found.append(await self._door.query(queries.ChatMember(firm.member_id), clerk))
            except NotFound:  # his membership there is over
                continue
        return found

    async def execute(self, command: Any) -> Any:
        """Run a command through the door and ring for what it left to do."""
        async with self._turn:
            await self._end_snapshot()
        once = Once(self._key, self._step) if self._key is not None else None
        self._step += 1
        result = await self._door.execute(command, self.actor, once=once)
        if self._ring is not None:
            await self._ring({self.actor.business_id})
        self._make_loaders()
        return result

    @contextmanager
    def once(self, key: str | None) -> Iterator[None]:
        """Name the commands of the block by the caller's key (mutations run one after another); None: by none."""
        self._key, self._step = key, 0
        try:
            yield
        finally:
            self._key = None

    async def close(self) -> None:
        """End the snapshot; a question that still runs is cancelled first."""
        current = asyncio.current_task()
        for task in list(self._asking):
            if task is not current:
                task.cancel()
        async with self._turn:
            await self._end_snapshot()

    async def _end_snapshot(self) -> None:
        self._reader = None
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()

    async def _load_parties(self, ids: Sequence[UUID]) -> list[views.PartyBrief | None]:
        found: dict[UUID, views.PartyBrief] = await self.ask(queries.PartiesByIds(tuple(ids)))
        return [found.get(key) for key in ids]

    async def _load_invoices(self, ids: Sequence[UUID]) -> list[views.InvoiceView | None]:
        found: dict[UUID, views.InvoiceView] = await self.ask(queries.InvoicesByIds(tuple(ids)))
        return [found.get(key) for key in ids]

    async def _load_expected(self, ids: Sequence[UUID]) -> list[BillExpectation | None]:
        found: dict[UUID, BillExpectation] = await self.ask(ExpectedBills(tuple(ids)))
        return [found.get(key) for key in ids]

    async def _load_streams(self, names: Sequence[str]) -> list[tuple[views.StreamView, ...]]:
        found: dict[str, tuple[views.StreamView, ...]] = await self.ask(queries.StreamsByNames(tuple(names)))
        return [found.get(name, ()) for name in names]

    async def _load_written(self, names: Sequence[str]) -> list[views.WriteBackView | None]:
        found: dict[str, views.WriteBackView] = await self.ask(queries.WriteBacks(tuple(names)))
        return [found.get(name) for name in names]
