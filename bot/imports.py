"""Files on their way: fetched, read beside the chat, and told of when what they explain has been worked out.

How far each is stands in the store, so that a bot that is killed goes on with it, and one that can't says so.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from telegram import Bot
from telegram.error import BadRequest, TelegramError

from bot.cards.audience import Audience, audience_of, unescaped
from bot.cards.card import Card
from bot.cards.files import FileResult, imported_card, kept_card, reading_card, refused_card
from bot.cards.plain import apology_card, error_words
from bot.handlers.first_run import still_to_set_up
from bot.sniff import bank_named, looks_like
from bot.visit import Visitor, answer
from connectors.contract import Inbound
from ingest.importing import Files, Imported
from kit.catalogues import ENGLISH
from kit.errors import Denied, MunshiError, NotFound, Rejected, Retryable
from kit.logs import logger
from ledger.commands import QueueMessage
from ledger.commands.files import MoveFile, ResumeFiles, TakeFile
from ledger.dispatch import Door
from ledger.domain.roles import system
from ledger.queries import ChatMember
from ledger.queries.files import FileGave, OpenFiles
from ledger.store.directory import businesses_with_files, members_of_chat
from ledger.views import ChatMemberView
from ledger.views.files import FileGaveView, OpenFile

log = logger(__name__)
AT_ONCE = 2
"""Files that are read at the same time, so that memory stays bounded: each is at most as large as one may be."""
TELL_EVERY = 2.0
LOOK_EVERY = 1.0
SWEEP_EVERY = 30.0
_BEAT = 15.0
_MOST_TRIES = 3
_IN_PLACE = timedelta(seconds=45)
"""A summary that comes later than this is a message of its own: its reader has put the phone away meanwhile."""
_LONGEST_LOOK = timedelta(minutes=3)
_CLERK = "files"


@dataclass(frozen=True, slots=True)
class _Job:
    """One file with whom it concerns: as whom it is read, and for whom the cards are."""

    file: OpenFile
    member: ChatMemberView
    several: bool


class Imports:
    """Reads files beside the chat; `run` tells of them when they are worked through."""

    def __init__(self, door: Door, files: Files, bot: Bot) -> None:
        self._door, self._files, self._bot = door, files, bot
        self._places = asyncio.Semaphore(AT_ONCE)
        self._running: dict[UUID, asyncio.Task[None]] = {}
        self._open: set[UUID] = set()
        self._shown: dict[UUID, int] = {}
        self._kicked = asyncio.Event()

    async def take(self, visitor: Visitor, file_id: str, filename: str) -> None:
        """Say that a file is being read, and begin; returns at once."""
        to = visitor.audience(self._door.clock())
        (message,) = await answer(self._door, visitor, [reading_card(filename, to)])
        taken: UUID = await self._door.execute(
            TakeFile(visitor.chat_id, file_id, filename, message), visitor.actor
        )
        file = OpenFile(
            id=taken,
            chat_id=visitor.chat_id,
            member_id=visitor.actor.member_id or taken,
            message=message,
            file_id=file_id,
            filename=filename,
            source=None,
            digest=None,
            status="reading",
            counts={},
            taken_at=self._door.clock(),
        )
        self._begin(_Job(file, visitor.member, bool(visitor.others)))

    async def run(self) -> None:
        """Go on with what was cut off, and tell of what is worked through, until cancelled."""
        next_sweep = 0.0
        try:
            while True:
                try:
                    if time.monotonic() >= next_sweep:
                        await self._sweep()
                        next_sweep = time.monotonic() + SWEEP_EVERY
                    for business in list(self._open):
                        await self._look(business)
                except Exception as fault:  # the store may be away: it is looked at again
                    log.warning("files.interrupted", reason=type(fault).__name__)
                self._kicked.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._kicked.wait(), LOOK_EVERY if self._open else SWEEP_EVERY)
        finally:
            for task in self._running.values():
                task.cancel()
            if self._running:
                await asyncio.wait(list(self._running.values()), timeout=10)

    # ---- reading ---------------------------------------------------------------------------------------
    def _begin(self, job: _Job) -> None:
        task = asyncio.create_task(self._read(job))
        self._running[job.file.id] = task
        task.add_done_callback(lambda _: self._running.pop(job.file.id, None))

    async def _read(self, job: _Job) -> None:
        try:
            async with self._places:
                await self._read_now(job)
        except Retryable as error:
            log.info("files.later", code=error.code)  # it stays `reading`, and is taken up again
        except MunshiError as error:
            log.info("files.refused", code=error.code)
            await self._refuse(job, _refusal(error, job.file.filename, self._to(job)))
        except TelegramError as fault:
            log.info("files.not_fetched", reason=type(fault).__name__)
            if isinstance(fault, BadRequest) or job.file.counts.get("tries", 0) >= _MOST_TRIES:
                large = "too big" in fault.message.lower()
                code = "file.too_large" if large else "file.gone"
                await self._refuse(job, refused_card(code, job.file.filename, self._to(job)))
        except Exception as fault:
            reference = secrets.token_hex(3).upper()
            log.error("files.failed", reference=reference, exc_info=fault)
            await self._refuse(job, apology_card(reference, self._to(job)))

    async def _read_now(self, job: _Job) -> None:
        body = await self._fetched(job.file.file_id)
        seen: list[tuple[int, int]] = []
        telling = asyncio.create_task(self._tell_progress(job, seen))
        try:
            imported = await self._imported(job, body, seen)
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
        counts, digest = _counts(imported), imported.summary.digest
        card = kept_card(FileResult.of(job.file.filename, counts), self._to(job))
        await self._move(job, "reading", card, source=imported.source, digest=digest, counts=counts)
        self._open.add(job.member.actor.business_id)
        self._kicked.set()

    async def _imported(self, job: _Job, body: bytes, seen: list[tuple[int, int]]) -> Imported:
        kind = await asyncio.to_thread(looks_like, body)
        if kind is not None:
            raise Rejected(kind, "It can't be read.")
        inbound = Inbound(body=body, filename=job.file.filename)

        def progress(read: int, of: int) -> None:
            seen[:] = [(read, of)]

        return await self._files.take(job.member.actor, inbound, progress=progress)

    async def _fetched(self, file_id: str) -> bytes:
        file = await self._bot.get_file(file_id)
        if (file.file_size or 0) > self._files.max_bytes:
            raise Rejected("file.too_large", "The file is too large.")
        return bytes(await file.download_as_bytearray())

    async def _tell_progress(self, job: _Job, seen: list[tuple[int, int]]) -> None:
        """Show how far the reading is, and keep the file marked as being read."""
        told, beat = (0, 0), time.monotonic()
        while True:
            await asyncio.sleep(TELL_EVERY)
            now = seen[-1] if seen else (0, 0)
            with suppress(Exception):  # a card of progress that can't be queued must not stop the reading
                if now != told and now[1]:
                    told, beat = now, time.monotonic()
                    card = reading_card(job.file.filename, self._to(job), read=now[0], of=now[1])
                    await self._move(job, "reading", card)
                elif time.monotonic() - beat > _BEAT:
                    beat = time.monotonic()
                    await self._move(job, "reading", None)

    async def _refuse(self, job: _Job, card: Card) -> None:
        await self._move(job, "refused", card)

    # ---- telling ---------------------------------------------------------------------------------------
    async def _sweep(self) -> None:
        """Find what other processes left, and what is still to be told."""
        for business in await businesses_with_files(self._door.engine):
            self._open.add(business)
            resumed: tuple[OpenFile, ...] = await self._door.execute(ResumeFiles(), system(business, _CLERK))
            for file in resumed:
                if file.id in self._running:
                    continue
                job = await self._job(business, file)
                if job is None:
                    await self._drop(business, file)
                elif file.counts.get("tries", 0) > _MOST_TRIES:
                    await self._refuse(job, refused_card("file.gone", file.filename, self._to(job)))
                else:
                    self._begin(job)

    async def _look(self, business: UUID) -> None:
        """Tell of the files of a business that are worked through."""
        files: tuple[OpenFile, ...] = await self._door.query(OpenFiles(), system(business, _CLERK))
        if not files and not self._running:
            self._open.discard(business)
        for file in files:
            job = await self._job(business, file)
            if job is None:
                await self._drop(business, file)
            elif file.left:
                await self._working(job)
            else:
                await self._tell(job)

    async def _working(self, job: _Job) -> None:
        file = job.file
        if self._shown.get(file.id, file.all) == file.left or file.left == file.all:
            return
        self._shown[file.id] = file.left
        result = FileResult.of(file.filename, file.counts)
        await self._move(job, "reading", kept_card(result, self._to(job), left=file.left, of=file.all))

    async def _tell(self, job: _Job) -> None:
        """Tell what a file explained; once more when the questions that it raised are asked."""
        file, now = job.file, self._door.clock()
        assert file.source is not None
        assert file.digest is not None
        try:
            gave: FileGaveView | None = await self._door.query(
                FileGave(file.source, file.digest), job.member.actor
            )
        except Denied:  # his role was changed meanwhile
            gave = None
        looking = gave is not None and gave.looking > 0 and now - file.taken_at < _LONGEST_LOOK
        status = "derived" if looking else "told"
        if status == file.status:
            return
        self._shown.pop(file.id, None)
        setup = await still_to_set_up(self._door, Visitor(file.chat_id, job.member))
        card = imported_card(
            FileResult.of(file.filename, file.counts),
            gave,
            self._to(job),
            to_set_up=setup[0].left if setup is not None else 0,
        )
        fresh = file.status == "reading" and now - file.taken_at > _IN_PLACE
        await self._move(job, status, card, in_place=not fresh)

    async def _job(self, business: UUID, file: OpenFile) -> _Job | None:
        """Return whom a file concerns; None if he left."""
        try:
            member: ChatMemberView = await self._door.query(
                ChatMember(file.member_id, file.chat_id), system(business, _CLERK)
            )
        except NotFound:
            return None
        several = len(await members_of_chat(self._door.engine, file.chat_id)) > 1
        return _Job(file, member, several)

    async def _drop(self, business: UUID, file: OpenFile) -> None:
        await self._door.execute(MoveFile(file.id, "refused"), system(business, _CLERK))

    def _to(self, job: _Job) -> Audience:
        return audience_of(job.member, self._door.clock(), several=job.several)

    async def _move(
        self, job: _Job, status: str, card: Card | None, *, in_place: bool = True, **noted: Any
    ) -> None:
        actor = job.member.actor
        message = None
        if card is not None:
            message = QueueMessage(
                chat_id=job.file.chat_id,
                member_id=actor.member_id,
                kind="answer",
                card={**card.stored(), "language": actor.language},
                edit_of=job.file.message if in_place else None,
            )
        await self._door.execute(
            MoveFile(job.file.id, status, message=message, **noted), system(actor.business_id, _CLERK)
        )


def _counts(imported: Imported) -> dict[str, Any]:
    summary = imported.summary
    return {
        "label": imported.label,
        "added": summary.added,
        "known": summary.known,
        "rewritten": summary.rewritten,
        "unreadable": len(summary.unreadable),
        "reasons": [[part.where, part.reason] for part in summary.unreadable[:5]],
    }


def _refusal(error: MunshiError, filename: str, to: Audience) -> Card:
    if isinstance(error, Denied):
        return refused_card(
            "file.denied", filename, to, why=to.label("Only the owner can connect a new account.")
        )
    if error.code == "file.not_understood":
        why = (
            error.remedy if to.language == ENGLISH else ""
        )  # a reader's own words, for whoever looks into it
    else:
        why = "" if error.code in _SAID else unescaped(error_words(error, to))
    return refused_card(error.code, filename, to, why=why, bank=bank_named(filename))


_SAID = frozenset(
    ["empty", "pdf", "pdf_locked", "picture", "sound", "archive", "locked", "file.archive", "file.password",
     "file.too_large", "file.gone"]
)  # fmt: skip
