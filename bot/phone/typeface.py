"""The page's typeface: Mukta has Latin and Devanagari of one hand, and not every computer has the latter."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import fontpkg
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

FACE = "Mukta"
WEIGHTS = {"regular": 400, "medium": 500, "semibold": 600, "bold": 700}
_HEADERS = {
    "Cache-Control": "public, max-age=604800",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def font_route() -> Route:
    """Return the route of the weights that phone.css asks for, as a path below /phone."""
    return Route("/font/{weight}.ttf", _font, methods=["GET"])


async def _font(request: Request) -> Response:
    weight = WEIGHTS.get(request.path_params["weight"])
    if weight is None:
        raise HTTPException(404, f"There is no such weight; try one of: {', '.join(WEIGHTS)}.")
    return FileResponse(_place(weight), media_type="font/ttf", headers=_HEADERS)


@lru_cache(maxsize=len(WEIGHTS))
def _place(weight: int) -> Path:
    found: Path = fontpkg.path(FACE, weight)
    return found
