"""What one request carries: who asks, one snapshot for all its questions, and loaders that queue on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

from strawberry.dataloader import DataLoader

from kit.errors import MunshiError
from ledger import queries, views
from ledger.dispatch import Door, Reader
from ledger.domain.roles import Actor
from ledger.queries.forecast import ExpectedBills
from ledger.views.forecast import BillExpectation

Ring = Callable[[set[UUID]], Awaitable[None]]


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
        self._door = door
        self._ring = ring
        self._turn = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._reader: Reader | None = None
        self._asking: set[asyncio.Task[Any]] = set()
        self._make_loaders()

    def _make_loaders(self) -> None:
        self.parties: DataLoader[UUID, views.PartyBrief | None] = DataLoader(self._load_parties)
        self.cards: DataLoader[UUID, views.PartyView | MunshiError] = DataLoader(self._load_cards)
        self.invoices: DataLoader[UUID, views.InvoiceView | None] = DataLoader(self._load_invoices)
        self.expected: DataLoader[UUID, BillExpectation | None] = DataLoader(self._load_expected)
        self.streams: DataLoader[str, tuple[views.StreamView, ...]] = DataLoader(self._load_streams)
        self.written: DataLoader[str, views.WriteBackView | None] = DataLoader(self._load_written)

    async def ask(self, question: Any) -> Any:
        """Answer one question on the request's snapshot, in its turn."""
        task = asyncio.current_task()
        if task is not None:
            self._asking.add(task)
        try:
            async with self._turn:
                if self._reader is None:
                    self._reader = await self._stack.enter_async_context(self._door.reading(self.actor))
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

    async def execute(self, command: Any) -> Any:
        """Run a command through the door and ring for what it left to do."""
        async with self._turn:
            await self._end_snapshot()
        result = await self._door.execute(command, self.actor)
        if self._ring is not None:
            await self._ring({self.actor.business_id})
        self._make_loaders()
        return result

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

    async def _load_cards(self, ids: Sequence[UUID]) -> list[views.PartyView | MunshiError]:
        cards: list[views.PartyView | MunshiError] = []
        for key in ids:
            try:
                cards.append(await self.ask(queries.PartyCard(key)))
            except MunshiError as error:
                cards.append(error)
        return cards
