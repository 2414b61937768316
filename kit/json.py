"""Strict JSON from strangers: bytes to a value, fractions as Decimal, never a float, every failure a Rejected."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from kit.errors import Rejected

MAX_DEPTH = 64


def read_json(body: bytes, *, depth: int = MAX_DEPTH) -> Any:
    """Read one JSON document: integers stay int, fractions and exponents become Decimal; the last of equal keys wins.

    Rejected for anything but UTF-8, for NaN and Infinity, for a number that no machine should expand, and for
    nesting beyond `depth`. NUL and lone surrogates in strings pass: the check of each event finds them, so that
    they cost that event only.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Rejected(
            "json.not_utf8", f"The body is not UTF-8 (byte {error.start}).", remedy="Send UTF-8."
        ) from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Rejected(
            "json.malformed", f"The body is not JSON: {error.msg} (character {error.pos})."
        ) from None
    except RecursionError:
        raise _too_deep(depth) from None
    except ValueError:  # an integer longer than the interpreter's own limit
        raise Rejected("json.number", "A number in the body is too long to be one.") from None
    if body.count(b"{") + body.count(b"[") > depth and _is_deeper(value, depth):
        raise _too_deep(depth)
    return value


def _fraction(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Rejected("json.number", "A number in the body is out of all range.") from None


def _constant(name: str) -> NoReturn:
    raise Rejected("json.number", f"{name} is not a number in JSON.")


def _too_deep(depth: int) -> Rejected:
    return Rejected("json.too_deep", f"The body is nested deeper than {depth} levels.")


def _is_deeper(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            item
            for holder in level
            if isinstance(holder, dict | list)
            for item in (holder.values() if isinstance(holder, dict) else holder)
        ]
        if not level:
            return False
    return any(isinstance(item, dict | list) for item in level)


_DECODER = json.JSONDecoder(parse_float=_fraction, parse_constant=_constant)
