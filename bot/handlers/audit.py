"""The audit trail: whether the records hold, and those of a period as a file behind a link."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from bot import typed
from bot.cards.audience import Audience
from bot.cards.audit import (
    XLSX,
    audit_card,
    audit_file_card,
    audit_for_whom_card,
    audit_from_card,
    audit_until_card,
    span_days,
)
from bot.cards.card import Action
from bot.cards.statements import no_day_card
from bot.handlers.area import Area, Command, Tap, Typed
from bot.handlers.reply import Reply
from bot.visit import Visitor
from kit.settings import settings
from ledger.commands.audit import MakeAuditLink
from ledger.domain.roles import Permission
from ledger.handlers.audit import VERIFIED
from ledger.queries.audit import AuditFilter, AuditTrail, VerifyAudit
from ledger.views.audit import AuditTrailPage, AuditVerdict
from ledger.views.pages import PageLinkMade

MOST_CHECKED = 1_000_000
"""Entries looked at for one tap: eight seconds' work."""
VALID_MINUTES = 60


class Audit(Area):
    """The scenes of the audit trail; they note nothing, so that the evening's seal is told as ever."""

    commands = (Command("audit", {"do": "audit"}, "Do the records hold; as an Excel file"),)

    @property
    def taps(self) -> Mapping[str, Tap]:
        """Return what answers each action."""
        taps = {
            "audit": self._look,
            "audit_check": self._check,
            "audit_file": self._file,
            "audit_period": self._period,
        }
        return {name: self._for_those_who_may(tap) for name, tap in taps.items()}

    @property
    def typed(self) -> Mapping[str, Typed]:
        """Return what takes the days of a period."""
        return {"audit_from": self._from, "audit_until": self._until}

    def _for_those_who_may(self, tap: Tap) -> Tap:
        async def guarded(visitor: Visitor, action: Action) -> Reply:
            if not visitor.actor.may(Permission.EXPORT_AUDIT):
                return Reply(cards=(audit_for_whom_card(self._to(visitor)),))
            return await tap(visitor, action)

        return guarded

    async def _look(self, visitor: Visitor, _: Action) -> Reply:
        """Verify what was added since the chain was verified last."""
        async with self.door.reading(visitor.actor) as reader:
            last: AuditTrailPage = await reader.query(AuditTrail(AuditFilter(actions=(VERIFIED,)), first=1))
            verdict: AuditVerdict = await reader.query(VerifyAudit(most=MOST_CHECKED))
        verified_at = last.rows[0].at if last.rows else None
        return Reply(cards=(audit_card(verdict, verified_at, self._to(visitor)),))

    async def _check(self, visitor: Visitor, _: Action) -> Reply:
        """Verify all, from the first entry."""
        verdict: AuditVerdict = await self.door.query(
            VerifyAudit(full=True, most=MOST_CHECKED), visitor.actor
        )
        return Reply(edit=audit_card(verdict, None, self._to(visitor)))

    async def _file(self, visitor: Visitor, action: Action) -> Reply:
        to, form = self._to(visitor), action.get("form", XLSX)
        if "span" in action:
            since, until = span_days(action["span"], to.today)
        else:
            since, until = date.fromisoformat(action["since"]), date.fromisoformat(action["until"])
        command = MakeAuditLink(form, since, until, VALID_MINUTES)
        made: PageLinkMade = await self.door.execute(command, visitor.actor)
        given = {"form": form, "since": since.isoformat(), "until": until.isoformat()}
        return Reply(cards=(audit_file_card(made, made.file_url(settings().public_url, form), given, to),))

    async def _period(self, visitor: Visitor, _: Action) -> Reply:
        return Reply(cards=(audit_from_card(self._to(visitor)),), expect={"do": "audit_from"})

    async def _from(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        """Take the first day; what is none is a question of its own."""
        to = self._to(visitor)
        since = typed.day(text, to.today, meant=typed.BEHIND)
        if since is None:
            return None
        if since > to.today:
            return Reply(cards=(no_day_card(since, to),), expect=action)
        return Reply(
            cards=(audit_until_card(since, to),), expect={"do": "audit_until", "since": since.isoformat()}
        )

    async def _until(self, visitor: Visitor, action: Action, text: str) -> Reply | None:
        """Take the last day, whichever of the two was typed first; days to come have no entries."""
        to = self._to(visitor)
        day = typed.day(text, to.today, meant=typed.BEHIND)
        if day is None:
            return None
        since, until = sorted((date.fromisoformat(action["since"]), min(day, to.today)))
        days = {"since": since.isoformat(), "until": until.isoformat()}
        return Reply(lead={"do": "audit_file", **days})

    def _to(self, visitor: Visitor) -> Audience:
        return visitor.audience(self.door.clock())
