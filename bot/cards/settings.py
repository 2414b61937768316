"""What a member has set, and the choices of each: hours, picture, alerts, quiet hours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

from bot.cards.audience import Audience
from bot.cards.card import Action, Button, Card, Rows, in_rows
from bot.words import Html, joined
from ledger.views.mornings import SettingsView

DIGEST_HOURS = (*(time(hour, minute) for hour in (7, 8, 9) for minute in (0, 30)), time(10, 0))
EVENING_HOURS = (*(time(hour, minute) for hour in (18, 19, 20) for minute in (0, 30)), time(21, 0))
QUIET = ((time(21, 0), time(8, 0)), (time(22, 0), time(7, 0)), (time(20, 0), time(9, 0)))
_NEXT_PICTURE: Mapping[str, str] = {"off": "light", "light": "dark", "dark": "off"}


def settings_card(view: SettingsView, to: Audience) -> Card:
    """Show what is set; a tap on an alert or on the picture changes it, on an hour leads to its choices."""
    lines = [
        to.say("Digest: <b>{hour}</b>", hour=_hour(view.digest_at, to)),
        to.say("Evening: <b>{hour}</b>", hour=_hour(view.evening_at, to)),
        to.say("Picture: <b>{theme}</b>", theme=_theme(view.picture, to)),
        to.say("Quiet hours: <b>{span}</b>", span=_span(view, to)),
    ]
    head = joined([*to.heading(to.say("<b>Settings</b>")), *lines])
    text = joined([head, to.say("With ✓ I tell you at once. Tap one to switch it.")], "\n\n")
    return Card(text, _settings_buttons(view, to))


def _settings_buttons(view: SettingsView, to: Audience) -> Rows:
    theme = _NEXT_PICTURE[view.picture]
    first = [
        Button(to.label("Digest hour"), {"do": "digest_hours"}),
        Button(to.label("Evening hour"), {"do": "evening_hours"}),
        Button(_picture(theme, to), {"do": "set_picture", "theme": theme}),
        Button(to.label("Quiet hours"), {"do": "quiet_hours"}),
        Button(to.label("Language"), {"do": "language"}),
    ]
    alerts = [
        Button(
            f"{'✓' if on else '–'} {_kind(kind, to)}",
            {"do": "set_alert", "kind": kind, "to": "off" if on else "on"},
        )
        for kind, on in view.alerts
    ]
    return (*in_rows(first), *in_rows(alerts))


def digest_hours_card(view: SettingsView, to: Audience) -> Card:
    """Ask for the hour of the digest."""
    text = to.say("<b>When shall the digest come?</b>\nYou can also type an hour, like 8:15.")
    return _hours_card(text, "set_digest", DIGEST_HOURS, view.digest_at, to)


def evening_hours_card(view: SettingsView, to: Audience) -> Card:
    """Ask for the hour of the evening close."""
    text = to.say(
        "<b>When shall I close your day?</b>\nWhat came, and what tomorrow needs. You can also type an hour."
    )
    return _hours_card(text, "set_evening", EVENING_HOURS, view.evening_at, to)


def quiet_hours_card(view: SettingsView, to: Audience) -> Card:
    """Ask from when to when nothing is told at once."""
    text = to.say(
        "<b>When shall I keep quiet?</b>\nI tell you together when they end. You can also type: 10 pm to 7 am."
    )
    buttons = [
        Button(
            _chosen(_between(start, until, to), on=(start, until) == (view.quiet_from, view.quiet_until)),
            {"do": "set_quiet", "from": f"{start:%H:%M}", "until": f"{until:%H:%M}"},
        )
        for start, until in QUIET
    ]
    never: Action = {"do": "set_quiet", "from": "00:00", "until": "00:00"}
    buttons.append(Button(_chosen(to.label("No quiet hours"), on=not view.keeps_quiet), never))
    return Card(joined(to.heading(text)), (*in_rows(buttons), (_back(to),)))


def set_toast(to: Audience) -> str:
    """Say that it is set."""
    return to.label("Done.")


def _hours_card(text: Html, do: str, hours: tuple[time, ...], now: time | None, to: Audience) -> Card:
    buttons = [Button(_chosen(_hour(at, to), on=at == now), {"do": do, "at": f"{at:%H:%M}"}) for at in hours]
    buttons.append(Button(_chosen(to.label("off"), on=now is None), {"do": do}))
    return Card(joined(to.heading(text)), (*in_rows(buttons), (_back(to),)))


def _back(to: Audience) -> Button:
    return Button(to.label("‹ Settings"), {"do": "settings", "inplace": True})


def _chosen(label: str, *, on: bool) -> str:
    return f"✓ {label}" if on else label


def _hour(at: time | None, to: Audience) -> str:
    if at is None:
        return to.label("off")
    return to.hour(at)


def _between(start: time, until: time, to: Audience) -> str:
    return f"{_hour(start, to)} – {_hour(until, to)}"


def _span(view: SettingsView, to: Audience) -> str:
    return _between(view.quiet_from, view.quiet_until, to) if view.keeps_quiet else to.label("none")


def _theme(theme: str, to: Audience) -> str:
    match theme:
        case "light":
            return to.label("light")
        case "dark":
            return to.label("dark")
    return to.label("off")


def _picture(theme: str, to: Audience) -> str:
    match theme:
        case "light":
            return to.label("Light picture")
        case "dark":
            return to.label("Dark picture")
    return to.label("No picture")


def _kind(kind: str, to: Audience) -> str:
    match kind:
        case "money":
            return to.label("Money in")
        case "returned":
            return to.label("Bounced, failed")
        case "promise":
            return to.label("Broken promise")
        case "limit":
            return to.label("Over the limit")
        case "source":
            return to.label("Source quiet")
    return to.label("Urgent entry")
