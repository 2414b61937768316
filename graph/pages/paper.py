"""How a page is set: templates, one style sheet, and the headers that keep it out of caches, frames and searches."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from graph.pages import wording
from graph.pages.reader import NAMES, Reader, balance, figures, money, signed
from kit.plain import clean, cut

FOLDER = Path(__file__).parents[1] / "templates" / "pages"
_STYLE = (FOLDER / "pages.css").read_text("utf-8")
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_LONGEST_URL = 512
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow, noarchive, nosnippet",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "permissions-policy": "geolocation=(), camera=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def _outside(url: str | None) -> str:
    """Return a plain https address of a vendor's own page, else nothing."""
    if not url or not url.startswith("https://") or url != clean(url) or len(url) > _LONGEST_URL:
        return ""
    return url


_PAGES = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters |= {"line": lambda text: clean(text or ""), "cut": cut, "outside": _outside}
_PAGES.globals |= {
    "money": money, "figures": figures, "balance": balance, "signed": signed, "wording": wording, "names": NAMES,
}  # fmt: skip


def answer(template: str, reader: Reader, /, *, status: int = 200, **values: Any) -> Response:
    """Set a page for its reader."""
    body = _PAGES.get_template(template).render(
        style=_STYLE, to=reader, t=reader.label, tn=reader.count, **values
    )
    return HTMLResponse(body, status_code=status, headers=HEADERS)
