"""A question as it stands, beside the one whose button was tapped; and how long one tap takes a decision back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bot.cards.audience import Audience
from bot.cards.card import Action
from bot.cards.question import UNDO_FOR, Place, stale_notice, standing_card
from bot.handlers.reply import Reply
from bot.scenes import Scenes
from bot.visit import Visitor
from ledger.views import ConflictView


async def fresh(scenes: Scenes, visitor: Visitor, action: Action) -> tuple[ConflictView, Reply | None]:
    """Return the question, and what to say instead if it isn't as it was seen."""
    view = await scenes.question(visitor, UUID(action["conflict"]))
    if view.status in ("open", "snoozed") and view.version == action["version"]:
        return view, None
    to = visitor.audience(scenes.now())
    return view, Reply(edit=standing_card(view, Place.of_action(action), to), toast=stale_notice(view, to))


def undo_is_late(action: Action, to: Audience) -> bool:
    """Return whether a decision (`at`) is older than one tap may take back, and nobody said that he knows."""
    at = action.get("at")
    return bool(at) and not action.get("late") and to.now - datetime.fromisoformat(str(at)) > UNDO_FOR
