"""Files and words over GraphQL: imported, kept, their columns confirmed, vendors' words explained, the past read again."""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode
from datetime import date, datetime, time, timedelta
from typing import Annotated
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import strawberry
from strawberry.scalars import JSON

from connectors.contract import Inbound
from graph.outcomes import ReplayOvertaken, expecting
from graph.types import importing as to
from graph.types.basics import Info, plain, resolved, told
from ingest.door import Appender
from ingest.importing import Files, Imported
from ingest.replay import Outcome, Watch, replay
from ingest.sources import Sources
from ingest.waiting import alike, confirm_and_read, waiting_of
from kit.errors import Denied, Rejected
from kit.sealing import process_seal
from kit.settings import settings
from ledger import queries
from ledger.commands import RemapStatus, ReplayScope
from ledger.commands.attachments import KeepAttachment
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Permission

REPLAY_SECONDS = 7.0
"""After so long a replay answers how far it came, within the time that a request has; told again, it goes on."""
_FILES: WeakKeyDictionary[Door, Files] = WeakKeyDictionary()
SourceName = Annotated[str, strawberry.argument(description="The source, like bank:kaveri.")]


def files_of(door: Door) -> Files:
    """Return what imports files through a door, one for all requests: two first files of an account connect it once."""
    if door not in _FILES:
        sources = Sources(door.engine, seal=process_seal)
        _FILES[door] = Files(door, sources, Appender(door.engine), max_bytes=settings().max_file_bytes)
    return _FILES[door]


async def take_file(door: Door, actor: Actor, inbound: Inbound, source: str | None) -> Imported:
    """Import a file as its reader finds it, or of the source that is named."""
    files = files_of(door)
    if source is None:
        return await files.take(actor, inbound, via="file")
    return await files.take_as(actor, source, inbound, via="file")


@strawberry.type(description="Questions about files that wait.")
class ImportQueries:
    """Fields of the root of questions."""

    @resolved(
        "Files of a source that wait for somebody to say what their columns are. For owner and finance."
    )
    async def waiting_files(self, info: Info, source: SourceName) -> list[to.WaitingFile]:
        """Answer with the files, newest first."""
        found = await waiting_of(info.context.door, info.context.actor, plain(source) or "")
        return [to.waiting_file(one) for one in found]


@strawberry.type(description="Commands about files, words and the past.")
class ImportMutations:
    """Fields of the root of commands."""

    @told(
        "Import a bank statement, books or a sheet of bills; the same file again adds nothing. Larger ones go to"
        " POST /files. For owner and finance; an account that isn't connected yet is the owner's to connect."
    )
    async def import_file(self, info: Info, input: to.ImportFileInput) -> to.ImportPayload:
        """Import it."""
        inbound = Inbound(_bytes(input.content), filename=plain(input.filename))
        made = await take_file(info.context.door, info.context.actor, inbound, plain(input.source))
        await info.context.ring()
        return to.import_payload(made.source, made.label, made.summary)

    @told("Keep a photo, a voice note or any file for ever; attachToParty says whose it is.")
    async def keep_attachment(self, info: Info, input: to.KeepAttachmentInput) -> to.KeepAttachmentPayload:
        """Keep it."""
        command = KeepAttachment(
            _bytes(input.content), plain(input.media_type) or "", plain(input.filename) or ""
        )
        return to.KeepAttachmentPayload(attachment=await info.context.execute(command))

    @told(
        "Say what the columns of a source's waiting files are, and read those files. For owner and finance."
    )
    async def confirm_columns(self, info: Info, input: to.ConfirmColumnsInput) -> to.ConfirmColumnsPayload:
        """Confirm them; without columns, as they seem to be."""
        door, actor, source = info.context.door, info.context.actor, plain(input.source) or ""
        waiting = alike(await waiting_of(door, actor, source), source, plain(input.fingerprint))
        columns = dict(waiting[0].guess.columns) if input.columns is None else _columns(input.columns)
        read = await confirm_and_read(
            door, Sources(door.engine, seal=process_seal), Appender(door.engine), actor, source, waiting, columns,
            max_bytes=settings().max_file_bytes,
        )  # fmt: skip
        await info.context.ring()
        return to.ConfirmColumnsPayload(
            fingerprint=waiting[0].guess.fingerprint,
            files=[to.import_payload(source, source, one) for one in read],
        )

    @told("Say what a vendor's status word means; what waited for it is read again. For owner and finance.")
    async def remap_status(self, info: Info, input: to.RemapStatusInput) -> to.RemapStatusPayload:
        """Map it."""
        command = RemapStatus(
            plain(input.source) or "",
            plain(input.kind) or "",
            plain(input.word) or "",
            plain(input.status) or "",
            plain(input.qualifier) or "",
        )
        return to.RemapStatusPayload(events=await info.context.execute(command))

    @told(
        "Read what sources sent once more, by today's connectors and words. Dry unless apply. A real one that isn't"
        " finished in time says so: told again with the same input, it goes on. For owner and finance.",
        expecting(ReplayOvertaken),
    )
    async def replay(self, info: Info, input: to.ReplayInput) -> to.ReplayPayload:
        """Read it again."""
        context, seen = info.context, [Watch(0, 0, 0)]
        if context.actor.read_only or not context.actor.may(Permission.REPLAY):
            raise Denied(
                "permission.denied", "A replay needs the permission replay.", remedy="Ask the owner."
            )
        firm = await context.ask(queries.OwnBusiness())
        scope = ReplayScope(
            plain(input.source) or "",
            plain(input.event_type) or "",
            since=_midnight(input.since, firm.timezone),
            until=_midnight(input.until, firm.timezone, days=1),
            quarantine=input.quarantine,
        )
        await context.leave_snapshot()  # a replay takes connections of its own
        outcome: Outcome | None = None
        try:
            async with asyncio.timeout(REPLAY_SECONDS):
                outcome = await replay(
                    context.door, context.actor, scope, apply=input.apply, watch=lambda one: seen.append(one)
                )
        except TimeoutError:
            if not input.apply:
                raise Rejected(
                    "replay.too_much",
                    f"A dry run of so much takes longer than {REPLAY_SECONDS:g} seconds.",
                    remedy="Say since and until, or a source; `munshi replay` has no such limit.",
                    field="since",
                ) from None
        finally:
            if input.apply:
                await context.ring()
        return to.replay_payload(outcome, seen[-1], applied=input.apply)


def _bytes(content: str) -> bytes:
    try:
        return b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise Rejected(
            "content.base64", "The content isn't base64.", remedy="Encode the file's bytes."
        ) from None


def _columns(given: JSON) -> dict[str, int | str]:
    columns = dict(given) if isinstance(given, dict) else {}
    if not columns or not all(isinstance(one, int | str) for one in columns.values()):
        raise Rejected(
            "columns.invalid",
            "columns is one object of roles and numbers of columns (from 0).",
            remedy='Write {"date": 0, "narration": 1, "debit": 3, "credit": 4}.',
        )
    return columns


def _midnight(day: date | None, timezone: str, *, days: int = 0) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day + timedelta(days=days), time(), ZoneInfo(timezone))
