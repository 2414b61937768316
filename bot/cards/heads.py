"""The head of the audit trail as one line, and the word that it doesn't hold."""

from __future__ import annotations

from bot.cards.audience import Audience
from bot.cards.card import Card
from bot.words import Html, joined
from kit.money import group_indian
from ledger.views.audit import AuditVerdict

SHOWN = 16
"""Digits of the hash that are told: nobody makes another chain that has the same."""


def head_card(verdict: AuditVerdict, to: Audience) -> Card:
    """Write day, number of the last entry and the beginning of its hash, in groups that can be read out."""
    return Card(joined(to.heading(seal(verdict, to))))


def seal(verdict: AuditVerdict, to: Audience) -> Html:
    """Write the same as a line of a card."""
    head = verdict.head[:SHOWN]
    return to.say(
        "Seal of the records · {day} · entry {n} · {head}",
        day=to.day(to.today),
        n=group_indian(verdict.sequence),
        head=" ".join(head[at : at + 4] for at in range(0, SHOWN, 4)),
    )


def broken_card(verdict: AuditVerdict, to: Audience) -> Card:
    """Say that the trail was changed behind our back, from which entry on, and what to do."""
    return Card(joined(broken_lines(verdict, to)))


def broken_lines(verdict: AuditVerdict, to: Audience) -> list[Html]:
    """Write the same as the lines that a card begins with."""
    lines: list[Html] = to.heading(to.say("<b>The records don't hold</b>"))
    lines.append(
        to.say(
            "From entry {n} on they aren't what I wrote. Somebody changed the database itself.",
            n=group_indian(verdict.broken_at or 0),
        )
    )
    lines.append(to.say("Show this to whoever looks after the server, and compare with the seals above."))
    return lines
