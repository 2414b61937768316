"""Doing a command once: what a caller named by a key of his own answers the same when he tells it again."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, get_type_hints
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from kit.database import Tx
from kit.errors import Rejected, Stale

MAX_KEY = 200


@dataclass(frozen=True, slots=True)
class Once:
    """A caller's key, and which command of his call this is (a call may tell several)."""

    key: str
    step: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.key) <= MAX_KEY or "\x00" in self.key:
            raise Rejected(
                "idempotency.key",
                f"An idempotency key has 1 to {MAX_KEY} characters.",
                remedy="Use a new UUID for each thing to do, and the same one to try it again.",
            )


# Two calls with one key at once: the second waits here until the first has committed, and then finds its row.
_CLAIM = """
INSERT INTO done_once (business_id, actor, key, step, digest, done_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (business_id, actor, key, step) DO NOTHING RETURNING true
"""
_FOUND = (
    "SELECT digest, result FROM done_once WHERE business_id = $1 AND actor = $2 AND key = $3 AND step = $4"
)
_KEEP = "UPDATE done_once SET result = $5 WHERE business_id = $1 AND actor = $2 AND key = $3 AND step = $4"


async def do_once(
    tx: Tx,
    business: UUID,
    actor: str,
    once: Once,
    command: Any,
    run: Callable[..., Awaitable[Any]],
    do: Callable[[], Awaitable[Any]],
    *,
    now: datetime,
    shown_once: bool,
) -> Any:
    """Do a command unless it was done under this key, and return its result, then or now.

    `run` is the handler, whose annotation tells how its result is kept. Rejected where the key was used for another
    command; Stale where the result held a secret. A command that fails leaves the key free.
    """
    place = (business, actor, once.key, once.step)
    said = digest_of(command)
    if await tx.value(_CLAIM, *place, said, now):
        result = await do()
        if not shown_once:
            await tx.run(_KEEP, *place, _adapter(run).dump_json(result).decode())
        return result
    found = await tx.row(_FOUND, *place)
    assert found is not None
    if found["digest"] != said:
        raise Rejected(
            "idempotency.reused",
            "This idempotency key was used for something else.",
            remedy="Use a new key for each thing to do.",
        )
    if shown_once:
        raise Stale(
            "idempotency.shown_once",
            "This was done already, and its secret is shown only once.",
            remedy="If the secret is lost, make a new one under a new key.",
        )
    return _adapter(run).validate_python(found["result"])


def digest_of(command: Any) -> bytes:
    """Return SHA-256 of a command: its name and its fields."""
    body = [type(command).__name__, _plain(command)]
    return hashlib.sha256(orjson.dumps(body, default=str, option=orjson.OPT_SORT_KEYS)).digest()


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(str(one) for one in value)
    return value.hex() if isinstance(value, bytes) else value


@lru_cache(maxsize=512)
def _adapter(run: Callable[..., Awaitable[Any]]) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(run)["return"])
