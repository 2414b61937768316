"""What may be told: each field is one command to the ledger's door."""

from __future__ import annotations

from datetime import datetime

import strawberry

from connectors.contract import Manifest, load_manifest
from graph.audit import AuditMutations
from graph.cash import CashMutations
from graph.customers import CustomerMutations
from graph.deciding import DecisionMutations
from graph.erasing import ErasureMutations
from graph.firm_changes import FirmMutations
from graph.ids import key_of
from graph.importing import ImportMutations
from graph.members import MemberMutations
from graph.mine import MyMutations
from graph.outcomes import ANSWERING, UNDOING, expecting
from graph.page_links import PageLinkMutations
from graph.rules import RuleMutations
from graph.tie_out import TieOutMutations
from graph.to_enter import ToEnterMutations
from graph.tokens import TokenMutations
from graph.types import connecting as to_connect
from graph.types.basics import Info, plain, told
from graph.types.questions import Conflict, conflict
from graph.types.sources import Source, source
from graph.webhooks import WebhookMutations
from graph.workflow import ReportMutations
from ingest.connecting import backfill_of, change_of, credentials_of, new_source, pull_of
from kit.errors import NotFound, Rejected
from ledger import commands, queries


@strawberry.input(description="An answer to a question, for the evidence that was seen.")
class ResolveConflictInput:
    """An answer."""

    conflict_id: strawberry.ID = strawberry.field(description="The question.")
    answer: strawberry.ID = strawberry.field(description="The id of one of its answers.")
    version: int | None = strawberry.field(
        default=None,
        description="The version that was seen; conflict.stale if it moved on. Null: whatever is open now.",
    )
    note: str | None = strawberry.field(default=None, description="A remark for the audit trail.")


@strawberry.input(description="An answer to take back.")
class ReopenConflictInput:
    """An undo."""

    conflict_id: strawberry.ID = strawberry.field(description="The question.")
    note: str | None = strawberry.field(default=None, description="A remark for the audit trail.")


@strawberry.input(description="A question to ask again later.")
class SnoozeConflictInput:
    """A delay."""

    conflict_id: strawberry.ID = strawberry.field(description="The question.")
    until: datetime = strawberry.field(description="When to ask again; needs an offset.")


@strawberry.type(description="The question as it stands now.")
class ConflictPayload:
    """The outcome."""

    conflict: Conflict = strawberry.field(description="The question.")


@strawberry.input(description="What could not be read and need not be: by its ids, or all of a source.")
class SetAsideInput:
    """Parts to set aside."""

    ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="These parts, at most 1,000."
    )
    source: str | None = strawberry.field(default=None, description="All open parts of this source.")
    code: str | None = strawberry.field(default=None, description="Of those, only the ones with this code.")
    note: str | None = strawberry.field(default=None, description="A remark for the audit trail.")


@strawberry.type(description="What was settled.")
class SetAsidePayload:
    """The outcome."""

    parts: int = strawberry.field(description="How many parts were settled; their raw bodies are kept.")


@strawberry.type(description="Commands. Each runs in its own transaction and leaves an audit entry.")
class Mutation(
    RuleMutations,
    TieOutMutations,
    DecisionMutations,
    ReportMutations,
    ToEnterMutations,
    CashMutations,
    ErasureMutations,
    TokenMutations,
    AuditMutations,
    WebhookMutations,
    MemberMutations,
    MyMutations,
    CustomerMutations,
    FirmMutations,
    ImportMutations,
    PageLinkMutations,
):
    """The root of commands."""

    @told("Answer a question.", expecting(*ANSWERING))
    async def resolve_conflict(self, info: Info, input: ResolveConflictInput) -> ConflictPayload:
        """Answer it."""
        command = commands.ResolveConflict(
            conflict_id=key_of("Conflict", input.conflict_id),
            answer=plain(input.answer) or "",
            version=input.version,
            note=plain(input.note),
        )
        return ConflictPayload(conflict=conflict(await info.context.execute(command)))

    @told(
        "Take an answer back: its effects are withdrawn and the question stands again.", expecting(*UNDOING)
    )
    async def reopen_conflict(self, info: Info, input: ReopenConflictInput) -> ConflictPayload:
        """Undo it."""
        command = commands.ReopenConflict(
            conflict_id=key_of("Conflict", input.conflict_id), note=plain(input.note)
        )
        return ConflictPayload(conflict=conflict(await info.context.execute(command)))

    @told("Ask again later.", expecting(*ANSWERING))
    async def snooze_conflict(self, info: Info, input: SnoozeConflictInput) -> ConflictPayload:
        """Delay it."""
        if input.until.tzinfo is None:
            raise Rejected("time.naive", "until needs an offset.", remedy="Write 2026-11-20T09:00:00+05:30.")
        command = commands.SnoozeConflict(
            conflict_id=key_of("Conflict", input.conflict_id), until=input.until
        )
        return ConflictPayload(conflict=conflict(await info.context.execute(command)))

    @told("Settle what could not be read without reading it. For owner and finance.")
    async def set_aside(self, info: Info, input: SetAsideInput) -> SetAsidePayload:
        """Settle it."""
        command = commands.SetAside(
            ids=tuple(key_of("QuarantinedPart", one) for one in input.ids),
            source=plain(input.source),
            code=plain(input.code),
            note=plain(input.note),
        )
        return SetAsidePayload(parts=await info.context.execute(command))

    @told("Connect a source. For the owner.")
    async def add_source(self, info: Info, input: to_connect.AddSourceInput) -> to_connect.AddSourcePayload:
        """Connect it."""
        command = new_source(
            input.name,
            connector=input.connector,
            label=plain(input.label),
            settings=to_connect.settings_of(input.settings),
            secret=input.secret,
            development=info.context.development,
        )
        made: commands.NewSource = await info.context.execute(command)
        sends = "webhook" in load_manifest(command.connector).via
        return to_connect.AddSourcePayload(
            source=await _source(info, made.name),
            address=f"{info.context.public_url}/ingest/{made.key}" if sends else None,
            secret=made.secret if input.secret is None else None,
        )

    @told(
        "Give what our own calls to a source's vendor need; it is sealed, and the source read. For the owner."
    )
    async def set_credentials(
        self, info: Info, input: to_connect.SetCredentialsInput
    ) -> to_connect.SetCredentialsPayload:
        """Seal them."""
        name, manifest = await _known(info, input.name)
        given = {one.name: one.value for one in input.credentials}
        held = await info.context.execute(credentials_of(manifest, name, given))
        return to_connect.SetCredentialsPayload(source=await _source(info, name), credentials=list(held))

    @told("Change a source: its switch, its write-back, its label, its settings. For the owner.")
    async def change_source(
        self, info: Info, input: to_connect.ChangeSourceInput
    ) -> to_connect.SourcePayload:
        """Change it."""
        name, manifest = await _known(info, input.name)
        command = commands.ChangeSource(
            name,
            enabled=input.enabled,
            write_back=input.write_back,
            label=plain(input.label),
            settings=to_connect.settings_of(input.settings),
        )
        await info.context.execute(change_of(manifest, command, development=info.context.development))
        return to_connect.SourcePayload(source=await _source(info, name))

    @told("Read a source now instead of at its next turn. For owner and finance.")
    async def pull_source(self, info: Info, input: to_connect.PullSourceInput) -> to_connect.PullPayload:
        """Make it due."""
        name, manifest = await _known(info, input.name)
        due = await info.context.execute(pull_of(manifest, name, input.streams))
        return to_connect.PullPayload(source=await _source(info, name), streams=due)

    @told("Read a source further back, in whole days of the business. For owner and finance.")
    async def start_backfill(
        self, info: Info, input: to_connect.StartBackfillInput
    ) -> to_connect.BackfillPayload:
        """Begin it."""
        name, manifest = await _known(info, input.name)
        firm = await info.context.ask(queries.OwnBusiness())
        command = backfill_of(
            manifest,
            name,
            streams=input.streams,
            since=input.since,
            until=input.until,
            timezone=firm.timezone,
        )
        begun = await info.context.execute(command)
        return to_connect.BackfillPayload(source=await _source(info, name), streams=list(begun))

    @told("Put a new signing secret first. For the owner.")
    async def rotate_source_secret(
        self, info: Info, input: to_connect.RotateSourceSecretInput
    ) -> to_connect.RotateSourceSecretPayload:
        """Change it."""
        name, _ = await _known(info, input.name)
        fresh = await info.context.execute(commands.RotateSourceSecret(name=name, secret=input.secret))
        return to_connect.RotateSourceSecretPayload(
            source=await _source(info, name), secret=fresh if input.secret is None else None
        )


async def _known(info: Info, name: str) -> tuple[str, Manifest]:
    """Return a source's name and the manifest of its connector."""
    found = next((one for one in await info.context.ask(queries.Sources()) if one.name == name), None)
    if found is None:
        raise NotFound("source.unknown", "There is no such source.", remedy="Ask for sources { name }.")
    return found.name, load_manifest(found.connector)


async def _source(info: Info, name: str) -> Source:
    firm = await info.context.ask(queries.OwnBusiness())
    rows = await info.context.ask(queries.Sources())
    return next(source(row, firm.currency) for row in rows if row.name == name)
