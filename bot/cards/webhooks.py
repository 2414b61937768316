"""Word to the owner that a program of his, which we tell what happens, hasn't answered for days."""

from __future__ import annotations

from bot.cards.audience import Audience
from bot.cards.card import Card
from bot.words import joined
from ledger.views.webhooks import SwitchedOff


def switched_off_card(one: SwitchedOff, to: Audience) -> Card:
    """Write which program isn't told any more, since when it failed, and what to do."""
    return Card(
        joined(
            [
                *to.heading(to.say("<b>{label}</b> isn't told any more", label=one.label)),
                to.say(
                    "It hasn't answered since {when} ({host}). Whoever looks after it must mend it, and then switch "
                    "the webhook on again: nothing is left out.",
                    when=to.moment(one.failing_since),
                    host=one.url.split("/")[2],
                ),
            ]
        ),
        (),
    )
