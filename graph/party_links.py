"""GET /c/{party}: the link that stands on a CRM's record leads into the chat, where the customer is shown to who may see him.

The page itself holds nothing of the firm: whoever finds the address learns nothing.
"""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from kit.settings import Settings

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Munshi</title><body style="font:17px/1.5 system-ui;max-width:26em;margin:4em auto;padding:0 1em">
<h1 style="font-size:1.3em">{title}</h1><p>{text}</p>"""
_ASK = (
    "This customer is in your chat",
    "Open your chat with Munshi and write a part of the customer's name.",
)
_WRONG = ("This is no link of ours", "Copy it from your CRM again.")


def party_link_route(settings: Settings) -> Route:
    """Return the route; with CHAT_URL (or the phone, in development) it leads straight to the customer."""
    chat = settings.chat_url or (
        f"{settings.public_url}/phone" if settings.munshi_env == "development" else ""
    )

    async def show(request: Request) -> Response:
        try:
            party = UUID(request.path_params["party"])
        except ValueError:
            return HTMLResponse(_PAGE.format(title=_WRONG[0], text=_WRONG[1]), status_code=404)
        if chat:
            return RedirectResponse(f"{chat}?start=c_{party.hex}", status_code=302)
        return HTMLResponse(_PAGE.format(title=_ASK[0], text=_ASK[1]))

    return Route("/c/{party}", show, methods=["GET"])
