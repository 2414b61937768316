"""Bearer tokens: a token names its business, its hash is recognised there, and the answer is kept for seconds."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

from kit.errors import Denied
from kit.ids import digest
from ledger.commands import RecogniseToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system

TTL_SECONDS = 10.0
"""A revoked token works so much longer, at most."""
MAX_CACHED = 10_000
_TOKEN = re.compile(r"munt?_([0-9a-f]{32})_[A-Za-z0-9_\-]{16,200}")


class Authenticator:
    """Tells whose a token is."""

    def __init__(
        self, door: Door, *, ttl: float = TTL_SECONDS, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._door = door
        self._ttl = ttl
        self._monotonic = monotonic
        self._known: OrderedDict[bytes, tuple[float, Actor]] = OrderedDict()

    async def actor(self, authorization: str | None) -> Actor:
        """Return the member of an `Authorization: Bearer …` header; Denied if there is none."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Denied(
                "token.missing", "A bearer token is needed.", remedy="Send Authorization: Bearer <token>."
            )
        token = token.strip()
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise Denied("token.unknown", "This token is not valid.", remedy="Ask the owner for a new one.")
        token_hash = digest(token.encode())
        kept = self._known.get(token_hash)
        if kept is not None and kept[0] > self._monotonic():
            return kept[1]
        self._known.pop(token_hash, None)
        by = system(UUID(hex=match[1]), "graphql")
        actor: Actor = await self._door.execute(RecogniseToken(token_hash), by)
        self._known[token_hash] = (self._monotonic() + self._ttl, actor)
        while len(self._known) > MAX_CACHED:
            self._known.popitem(last=False)
        return actor
