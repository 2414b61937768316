"""The few lines that a stranger may read: no figure, no name, no hint of who is a member."""

from __future__ import annotations

from bot.words import Html, say


def who_are_you(language: str) -> Html:
    """Ask a stranger for his code."""
    return say(
        language,
        "Namaste. I'm a munshi and speak only with people I know. "
        "Ask your firm's owner for a code, then send it as /start CODE.",
        {},
    )


def wrong_code(language: str) -> Html:
    """Refuse a code without saying what is wrong with it."""
    return say(
        language, "That code doesn't work. It may be used up or too old: ask the owner for a new one.", {}
    )


def too_many_codes(language: str) -> Html:
    """Stop somebody who keeps trying codes."""
    return say(language, "Too many wrong codes. Please try again in an hour.", {})


def not_in_groups(language: str) -> Html:
    """Refuse a group: figures belong into a private chat."""
    return say(language, "I speak about money only in a private chat. Please write to me there.", {})
