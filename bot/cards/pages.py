"""A link to a page: what it shows, until when it works, and taking it back."""

from __future__ import annotations

from bot.cards.audience import Audience
from bot.cards.card import Action, Button, Card, Rows, in_rows
from bot.words import Html, cut, html, joined
from ledger.views.pages import PageLinkMade

_DAY, _WEEK = 24, 24 * 7
_SAFE = "https://"


def page_button(page: str, to: Audience, *, party: str = "") -> Button:
    """Return the button that makes a link to a page."""
    return Button(to.label("As a page"), asked(page, party))


def asked(page: str, party: str = "", *, hours: int = _DAY) -> Action:
    """Return the action that makes a link to a page."""
    return {"do": "page", "page": page, "hours": hours, **({"party": party} if party else {})}


def page_card(made: PageLinkMade, url: str, name: str, action: Action, to: Audience) -> Card:
    """Give the link: as a button, which no program opens to draw a preview; where none can be, as text."""
    ends = to.local_day(made.expires_at)
    lines = [
        *to.heading(joined([to.say("<b>{what}</b>", what=_what(made.page, name, to))])),
        to.say("Works until {day}. Whoever has the link sees the page as you do.", day=to.day(ends)),
    ]
    rows: Rows = ()
    if url.startswith(_SAFE):
        rows = ((Button(to.label("Open the page ↗"), url=url),),)
    else:
        lines.append(html(url))
    more = [Button(to.label("Take it back"), {"do": "page_revoke", "link": str(made.id)})]
    if action.get("hours") != _WEEK:
        longer = asked(made.page, str(action.get("party", "")), hours=_WEEK)
        more.insert(0, Button(to.label("For a week"), longer))
    return Card(joined(lines), (*rows, *in_rows(more)))


def page_revoked_card(to: Audience) -> Card:
    """Say that a link no longer works."""
    return Card(joined(to.heading(to.say("The link is taken back. It shows nothing any more."))))


def _what(page: str, name: str, to: Audience) -> Html:
    short = cut(name, 40)
    match page:
        case "customer":
            return to.say("{name}: all that is known", name=short)
        case "ledger":
            return to.say("{name}: ledger", name=short)
        case "tie_out":
            return to.say("Your books and I")
        case _:
            return to.say("Your firms at a glance")
