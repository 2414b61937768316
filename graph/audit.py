"""The audit trail over GraphQL: for owner, finance and the accountant."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import strawberry

from graph.ids import key_of
from graph.types import audit as to
from graph.types.basics import After, First, Info, plain, resolved, told, word
from kit.errors import Rejected
from ledger.commands.audit import MakeAuditLink
from ledger.queries.audit import AuditFilter, AuditTrail, VerifyAudit
from ledger.views.pages import PageLinkMade

MOST_VERIFIED = 200_000
"""Entries looked at in one request: two seconds' work."""


@strawberry.input(description="Which entries; what isn't given doesn't matter.")
class AuditFilterInput:
    """A filter."""

    actor: str | None = strawberry.field(default=None, description="Who, as the entries write it.")
    actions: list[str] | None = strawberry.field(
        default=None, description="One of these actions, 100 at most."
    )
    subject: str | None = strawberry.field(default=None, description="Of what, as the entries write it.")
    party_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only entries that name this customer or vendor."
    )
    since: datetime | None = strawberry.field(
        default=None, description="At this moment or later; with an offset."
    )
    until: datetime | None = strawberry.field(default=None, description="Before this moment; with an offset.")
    after_sequence: int | None = strawberry.field(default=None, description="Only behind this entry.")


@strawberry.input(description="A part of the trail that is to be taken away.")
class AuditExportInput:
    """An export."""

    form: to.AuditForm = strawberry.field(description="In which form.")
    since: date | None = strawberry.field(default=None, description="First day; null: from the first entry.")
    until: date | None = strawberry.field(default=None, description="Last day; null: to the last entry.")
    valid_minutes: int = strawberry.field(default=15, description="How long the link works, 1 to 60 minutes.")


@strawberry.type(description="The link is made.")
class AuditExportPayload:
    """The outcome."""

    link: to.AuditExportLink = strawberry.field(description="The link.")


@strawberry.type
class AuditQueries:
    """What may be asked."""

    @resolved("The audit trail, newest first unless told otherwise. Not for sales.")
    async def audit(
        self,
        info: Info,
        filter: AuditFilterInput | None = None,
        oldest_first: Annotated[
            bool, strawberry.argument(description="In the order of the chain, as whoever follows it reads.")
        ] = False,
        first: First = 50,
        after: After = None,
    ) -> to.AuditConnection:
        """Answer with a page of entries."""
        wanted = filter or AuditFilterInput()
        question = AuditTrail(
            wanted=AuditFilter(
                actor=plain(wanted.actor),
                actions=tuple(plain(action) or "" for action in wanted.actions or ()),
                subject=plain(wanted.subject),
                party_id=key_of("Party", wanted.party_id) if wanted.party_id is not None else None,
                since=_moment(wanted.since, "since"),
                until=_moment(wanted.until, "until"),
                after=wanted.after_sequence,
            ),
            newest_first=not oldest_first,
            first=first,
            after=plain(after),
        )
        return to.audit_connection(await info.context.ask(question), question)

    @resolved(
        "Whether the chain of the audit trail holds, since it was verified last or from its first entry."
    )
    async def audit_verification(
        self,
        info: Info,
        full: Annotated[
            bool,
            strawberry.argument(description=f"From the first entry; {MOST_VERIFIED:,} at most, see `more`."),
        ] = False,
    ) -> to.AuditVerification:
        """Answer with the verdict."""
        return to.verification(await info.context.ask(VerifyAudit(full=full, most=MOST_VERIFIED)))


@strawberry.type
class AuditMutations:
    """What may be told."""

    @told("Make a link that hands the audit trail of a period to whoever opens it. Not for sales.")
    async def make_audit_export_link(self, info: Info, input: AuditExportInput) -> AuditExportPayload:
        """Make it."""
        form = word(input.form)
        made: PageLinkMade = await info.context.execute(
            MakeAuditLink(form, input.since, input.until, input.valid_minutes)
        )
        url = made.file_url(info.context.public_url, form)
        link = to.AuditExportLink(id=strawberry.ID(str(made.id)), url=url, expires_at=made.expires_at)
        return AuditExportPayload(link=link)


def _moment(moment: datetime | None, name: str) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise Rejected("time.offset", f"`{name}` needs an offset.", remedy="Write 2026-11-20T09:00:00+05:30.")
    return moment
