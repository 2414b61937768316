"""GET /v/{key}…: the pages behind a link, seen by its maker's eyes as he is that day, and what is said where there are none.

Who has the key sees what its maker may see of that page and what it leads to; nobody learns whether another key exists.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from graph.address import address_of
from graph.pages.customer import customer
from graph.pages.front import firm_of, front
from graph.pages.ledger import ledger
from graph.pages.look import CUSTOMER, FRONT, LEDGER, QUESTIONS, TIE_OUT, Look, page_of
from graph.pages.paper import answer
from graph.pages.questions import questions
from graph.pages.reader import NAMES, Reader
from graph.pages.tie_out import tie_out
from graph.throttle import Throttle
from graph.words import CATALOGUE
from kit.errors import Denied, MunshiError, NotFound, Rejected, Retryable
from kit.ids import digest, split_business_key
from kit.logs import logger
from ledger.commands.pages import NotePageOpened
from ledger.dispatch import Door
from ledger.domain.roles import system
from ledger.queries.pages import OpenPageLink
from ledger.views.pages import OpenedPage

PER_MINUTE, WRONG_PER_MINUTE = 60, 30
"""Looks behind one link from one address, and wrong keys from one address."""
PATIENCE_SECONDS = 25.0
ACTOR = "pages"
_LONGEST_KEY = 160
_ZONE = "Asia/Kolkata"
PREVIEW = re.compile(r"bot|crawl|spider|preview|facebookexternalhit|whatsapp|slurp", re.IGNORECASE)
"""Programs that fetch a page to draw a link: they are shown nothing."""
_NO_READER = re.compile(r"curl|wget", re.IGNORECASE)
Build = Callable[[Look], Awaitable[Mapping[str, Any]]]
_BUILDERS: Mapping[str, tuple[str, Build]] = {
    CUSTOMER: ("customer.html.j2", customer),
    LEDGER: ("ledger.html.j2", ledger),
    TIE_OUT: ("tie_out.html.j2", tie_out),
    QUESTIONS: ("questions.html.j2", questions),
    FRONT: ("front.html.j2", front),
}
log = logger(__name__)


class Pages:
    """The endpoint of all pages."""

    def __init__(self, door: Door, *, looks: Throttle | None = None, wrong: Throttle | None = None) -> None:
        self._door = door
        self._looks = looks or Throttle(PER_MINUTE)
        self._wrong = wrong or Throttle(WRONG_PER_MINUTE)

    async def show(self, request: Request) -> Response:
        """Answer one request."""
        reader = self._stranger(request)
        address = address_of(request)
        agent = request.headers.get("user-agent", "")
        if PREVIEW.search(agent) or _NO_READER.search(agent):
            return notice("preview", reader, status=200)
        key = request.path_params["key"][:_LONGEST_KEY]
        if not self._looks.allows((digest(key.encode("utf-8", "replace")), address)):
            return notice("often", reader, status=429)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._page(request, key)
        except NotFound:
            often = not self._wrong.allows(address)
            return notice("often" if often else "gone", reader, status=429 if often else 404)
        except Denied:
            return notice("denied", reader, status=403)
        except Rejected as error:
            return notice("wrong", reader, status=400, code=error.code)
        except (TimeoutError, Retryable):
            return notice("slow", reader, status=503)
        except MunshiError as error:
            return notice("wrong", reader, status=409, code=error.code)
        except Exception:  # the last resort: whoever waits gets words, we get the trace
            reference = uuid4().hex[:8]
            log.exception("pages.failed", reference=reference)
            return notice("fault", reader, status=500, reference=reference)

    def _stranger(self, request: Request) -> Reader:
        wanted = request.query_params.get("lang", "")
        return Reader(wanted if wanted in NAMES else "en", self._door.clock(), _ZONE)

    async def _page(self, request: Request, key: str) -> Response:
        opened = await self._open(request, key)
        wanted = request.query_params.get("lang", "")
        language = wanted if wanted in NAMES else CATALOGUE.spoken(opened.language)
        path = request.path_params
        actor, firm, zone = opened.actor, None, opened.timezone
        if path.get("firm"):
            firm = _id(path["firm"])
            actor, zone = await firm_of(self._door, opened, firm)
        page, party = page_of(opened, path.get("page"), _id(path["party"]) if path.get("party") else None)
        if firm is not None and page == FRONT:
            raise NotFound("page.gone", "There is no such page.")
        look = Look(
            door=self._door,
            key=key,
            link=opened,
            actor=replace(actor, language=language),
            reader=Reader(language, self._door.clock(), zone),
            page=page,
            party=party,
            query=dict(request.query_params),
            firm=firm,
        )
        template, build = _BUILDERS[page]
        return answer(template, look.reader, look=look, **await build(look))

    async def _open(self, request: Request, key: str) -> OpenedPage:
        parts = split_business_key(key)
        if parts is None:
            raise NotFound("page.gone", "There is no such page.")
        clerk, key_hash = system(parts[0], ACTOR), digest(key.encode("utf-8", "replace"))
        opened: OpenedPage = await self._door.query(OpenPageLink(key_hash), clerk)
        if request.method == "GET" and not request.headers.get("sec-purpose", "").startswith("prefetch"):
            await self._door.execute(NotePageOpened(key_hash), clerk)
        return opened


def _id(text: str) -> UUID:
    try:
        return UUID(hex=text)
    except ValueError:
        raise NotFound("page.gone", "There is no such page.") from None


def page_routes(door: Door, *, looks: Throttle | None = None, wrong: Throttle | None = None) -> list[Route]:
    """Return the routes of pages on a door."""
    show = Pages(door, looks=looks, wrong=wrong).show
    return [
        Route(path, show, methods=["GET"])
        for path in (
            "/v/{key}",
            "/v/{key}/f/{firm}/{page}",
            "/v/{key}/f/{firm}/{page}/{party}",
            "/v/{key}/{page}",
            "/v/{key}/{page}/{party}",
        )
    ]


def notice(what: str, reader: Reader, *, status: int, code: str = "", reference: str = "") -> Response:
    """Say in both languages why there is no page, and what to do; the same for a key that never was and one that ended."""
    readers = (reader, replace(reader, language=reader.other))
    lines = [(one.language, *_words(what, one, code=code, reference=reference)) for one in readers]
    return answer("notice.html.j2", reader, status=status, lines=lines)


def _words(what: str, to: Reader, *, code: str, reference: str) -> tuple[str, str]:
    match what:
        case "preview":
            return to.label("A page for you"), to.label("Open the link to see it.")
        case "gone":
            return (
                to.label("This page isn't there any more."),
                to.label("Links live for a day or so. Please ask for a new one in the chat."),
            )
        case "file":
            return (
                to.label("This link doesn't work any more."),
                to.label("Links to files live for an hour at most. Please ask for a new one in the chat."),
            )
        case "often":
            return to.label("One moment, please."), to.label("Open this page again in a minute.")
        case "denied":
            return (
                to.label("This page isn't for you."),
                to.label("Your part in the firm doesn't include it. Please ask the owner."),
            )
        case "slow":
            return (
                to.label("This takes too long just now."),
                to.label("Please open it again in a minute, or choose a shorter time."),
            )
        case "wrong" if code == "statement.too_long":
            return to.label("That is too much for one page."), to.label("Go back and choose a shorter time.")
        case "wrong":
            return to.label("That doesn't work as it is."), to.label(
                "Go back and choose another day or time."
            )
        case _:
            return (
                to.label("Something went wrong on our side."),
                to.label("Please try again. If it happens again, tell us {reference}.", reference=reference),
            )
