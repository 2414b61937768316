"""GET /p/{key}: what a customer owes today and how to pay it, on one page that works without a script, and on paper.

Who has the key sees one customer's account with one firm and nothing else; nobody learns whether another key exists.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import segno
from babel.dates import format_date, format_time
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from graph.throttle import Throttle
from graph.words import CATALOGUE, say, say_count
from kit.errors import NotFound
from kit.ids import digest, split_business_key
from kit.money import format_minor
from ledger.commands.reminders import NotePayPageOpened
from ledger.dispatch import Door
from ledger.domain.paying import UPI_CAP, payment_note, upi_link, whatsapp_link
from ledger.domain.roles import system
from ledger.queries.reminders import PayPage
from ledger.views.reminders import PayPageView, ReminderBill

PER_MINUTE = 30
"""Looks at one page from one address."""
ACTOR = "pay page"
_LONGEST_KEY = 160
_FOLDER = Path(__file__).parent / "templates"
_STYLE = (_FOLDER / "pay.css").read_text("utf-8")
_PAGES = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow, noarchive, nosnippet",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
}
_PREVIEW = re.compile(
    r"bot|crawl|spider|preview|facebookexternalhit|whatsapp|slurp|headless|curl|wget", re.IGNORECASE
)
"""Programs that fetch a page to draw a link: no customer looked at it."""
_NAMES = {"en": "English", "hi": "हिन्दी"}


def pay_page_route(door: Door, *, throttle: Throttle | None = None) -> Route:
    """Return the route of pay pages on a door."""
    limit = throttle or Throttle(PER_MINUTE)

    async def show(request: Request) -> Response:
        wanted = request.query_params.get("lang", "")
        key = split_business_key(request.path_params["key"][:_LONGEST_KEY])
        if key is None:
            return _notice(wanted, status=404)
        key_hash = digest(request.path_params["key"].encode("utf-8", "replace"))
        if not limit.allows((key_hash, request.client.host if request.client else "")):
            return _notice(wanted, status=429)
        try:
            page: PayPageView = await door.query(PayPage(key_hash), system(key[0], ACTOR))
        except NotFound:
            return _notice(wanted, status=404)
        if _is_looked_at(request):
            await _note(door, key[0], key_hash)
        language = CATALOGUE.spoken(wanted or page.language)
        return _answer("pay.html.j2", status=200, language=language, page=_Shown.of(page, language))

    return Route("/p/{key}", show, methods=["GET"])


def _is_looked_at(request: Request) -> bool:
    if request.method != "GET" or request.headers.get("sec-purpose", "").startswith("prefetch"):
        return False
    return not _PREVIEW.search(request.headers.get("user-agent", ""))


async def _note(door: Door, business: UUID, key_hash: bytes) -> None:
    await door.execute(NotePayPageOpened(key_hash), system(business, ACTOR))


def _notice(wanted: str, *, status: int) -> Response:
    """Answer what is no page, or asked for too often; the same for a key that never was and one that has run out."""
    lines = []
    for language in (
        CATALOGUE.spoken(wanted),
        *(other for other in _NAMES if other != CATALOGUE.spoken(wanted)),
    ):
        if status == 429:
            lines.append(
                (
                    language,
                    say(language, "One moment, please."),
                    say(language, "Open this page again in a minute."),
                )
            )
        else:
            lines.append(
                (
                    language,
                    say(language, "This page isn't there any more."),
                    say(language, "Please ask the sender for a new link."),
                )
            )
    return _answer("notice.html.j2", status=status, language=lines[0][0], lines=lines)


def _answer(template: str, *, status: int, **values: object) -> Response:
    body = _PAGES.get_template(template).render(style=_STYLE, **values)
    return HTMLResponse(body, status_code=status, headers=HEADERS)


@dataclass(frozen=True, slots=True)
class _Line:
    """A bill as it stands on the page."""

    number: str
    when: str
    amount: str


@dataclass(frozen=True, slots=True)
class _Way:
    """A label and its value in parts that no line breaks; `digits`: parts of one number, copied without a gap."""

    label: str
    parts: tuple[str, ...]
    digits: bool = False


@dataclass(frozen=True, slots=True)
class _Shown:
    """All that the template shows, in words."""

    firm: str
    customer: str
    due: bool
    title: str
    amount: str
    as_on: str
    note: str
    lines: tuple[_Line, ...]
    below: tuple[tuple[str, str], ...]
    bills_head: str
    upi: str
    upi_label: str
    qr: str
    qr_label: str
    upi_id: str
    ways_head: str
    ways: tuple[_Way, ...]
    transfer_first: bool
    paid_head: str
    paid_text: str
    paid_link: str
    paid_label: str
    paid_number: str
    fine_print: str
    other: str
    other_name: str

    @classmethod
    def of(cls, page: PayPageView, language: str) -> _Shown:
        """Say a page in words."""
        amount = format_minor(page.asked, page.currency)
        link = _upi(page)
        other = "en" if language == "hi" else "hi"
        large = page.asked > UPI_CAP
        return cls(
            firm=page.firm or "·",
            customer=page.customer,
            due=page.asked > 0,
            title=_title(page, language),
            amount=amount,
            as_on=_as_on(page, language),
            note=_note_on_cap(page, language) if link and large else "",
            lines=tuple(_line(bill, page, language) for bill in page.bills),
            below=_below(page, language),
            bills_head=say(language, "Bills"),
            upi=link,
            upi_label=say(language, "Pay {amount} by UPI", amount=amount),
            qr=_qr(link),
            qr_label=say(language, "Scan with any UPI app"),
            upi_id=page.pay.upi_id or "",
            ways_head=say(language, "Bank transfer"),
            ways=_ways(page, language) if page.asked > 0 else (),
            transfer_first=large and page.pay.by_transfer,
            paid_head=say(language, "Already paid?"),
            paid_text=say(language, "Please send us the UTR; then we find it at once."),
            paid_link=_paid_link(page, language) if page.pay.phone and page.asked > 0 else "",
            paid_label=say(language, "Send the UTR on WhatsApp"),
            paid_number=_spaced(page.pay.phone or ""),
            fine_print=say(
                language,
                "Your account with {firm}, as they know it now. Please ask them if anything differs.",
                firm=page.firm,
            ),
            other=other,
            other_name=_NAMES[other],
        )


def _title(page: PayPageView, language: str) -> str:
    match page.kind:
        case "late" | "grace":
            return say(language, "Please pay")
        case "not_due":
            return say(language, "Nothing is due today. Open on your account")
        case _:
            return say(language, "Nothing is due. Thank you.")


def _as_on(page: PayPageView, language: str) -> str:
    local = page.as_on.astimezone(ZoneInfo(page.timezone))
    day = format_date(local, "EEE d MMM y", locale=language)
    time = format_time(local, "B h:mm" if language == "hi" else "h:mm a", locale=language).lower()
    return say(language, "As on {day}, {time}", day=day, time=time)


def _note_on_cap(page: PayPageView, language: str) -> str:
    cap = format_minor(UPI_CAP)
    if page.pay.by_transfer:
        return say(
            language, "UPI often stops at {cap} a day. For this sum a bank transfer is surer.", cap=cap
        )
    return say(language, "UPI often stops at {cap} a day: it may take several payments.", cap=cap)


def _line(bill: ReminderBill, page: PayPageView, language: str) -> _Line:
    number = bill.number or say(language, "Opening balance")
    if bill.due_on is None:
        when = say(language, "of {day}", day=_day(bill.issued_on, language))
    elif bill.days > 0:
        days = say_count(language, "{n} day", "{n} days", bill.days)
        when = say(language, "due {day} · {days} ago", day=_day(bill.due_on, language), days=days)
    else:
        when = say(language, "due {day}", day=_day(bill.due_on, language))
    return _Line(number, when, format_minor(bill.amount, page.currency))


def _day(day: date, language: str) -> str:
    return format_date(day, "d MMM y", locale=language)


def _below(page: PayPageView, language: str) -> tuple[tuple[str, str], ...]:
    """Return what stands below the bills: those that aren't named, what was taken off, what isn't due yet."""
    lines = []
    if page.more:
        more = say_count(language, "and {n} more bill", "and {n} more bills", page.more)
        lines.append((more, format_minor(page.more_amount, page.currency)))
    if page.on_account > 0 and page.asked > 0:
        taken = format_minor(page.on_account, page.currency)
        lines.append((say(language, "On account, taken off already"), taken))
    if page.later > 0:
        lines.append((say(language, "Not due yet, not counted"), format_minor(page.later, page.currency)))
    return tuple(lines)


def _upi(page: PayPageView) -> str:
    if not page.pay.upi_id or page.currency != "INR" or page.asked <= 0:
        return ""
    name = page.pay.payee or page.firm
    return upi_link(
        page.pay.upi_id, name=name, amount=page.asked, note=_note_of(page), reference=page.reference
    )


def _qr(link: str) -> str:
    """Draw a link as an inline SVG: dark on light whatever the page's colours, as scanners want it."""
    if not link:
        return ""
    drawn: str = segno.make(link, error="m", micro=False).svg_inline(
        border=3, svgclass="qr", lineclass=None, omitsize=True, dark="#111", light="#fff"
    )
    return drawn


def _ways(page: PayPageView, language: str) -> tuple[_Way, ...]:
    pay = page.pay
    if not pay.by_transfer or pay.account is None or pay.ifsc is None:
        return ()
    fours = tuple(pay.account[i : i + 4] for i in range(0, len(pay.account), 4))
    ways = [
        _Way(say(language, "Name"), tuple((pay.payee or page.firm).split())),
        _Way(say(language, "Account"), fours, digits=True),
        _Way("IFSC", (pay.ifsc,)),
    ]
    if pay.bank:
        ways.append(_Way(say(language, "Bank"), tuple(pay.bank.split())))
    ways.append(_Way(say(language, "Remark"), tuple(_note_of(page).split())))
    return tuple(ways)


def _note_of(page: PayPageView) -> str:
    return payment_note([bill.number for bill in page.bills])


def _spaced(phone: str) -> str:
    """Write a number as people do: `+91 98200 12345`."""
    found = re.fullmatch(r"91(\d{5})(\d{5})", phone)
    return f"+91 {found[1]} {found[2]}" if found else f"+{phone}"


def _paid_link(page: PayPageView, language: str) -> str:
    assert page.pay.phone is not None
    text = say(
        language,
        "{customer}: {amount} is sent. UTR: ",
        customer=page.customer[:80],
        amount=format_minor(page.asked, page.currency),
    )
    return whatsapp_link(page.pay.phone, text)
