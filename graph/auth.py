"""Bearer tokens: a token names its business, its hash is recognised there, and the answer is kept for seconds.

What is kept is void as soon as the database says that somebody's rights changed there (graph/revocation.py).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

from graph.rates import TooMany
from graph.throttle import Throttle
from kit.errors import Denied
from kit.ids import digest
from ledger.commands.tokens import RecogniseToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor, system
from ledger.domain.tokens import business_of

TTL_SECONDS = 5.0
"""A token whose rights changed works so much longer, at most, where no word of it comes."""
MAX_CACHED = 10_000
WRONG_PER_MINUTE = 30
"""Wrong tokens from one address; who has been let in lately is let in all the same."""
_UNKNOWN = ("token.unknown", "This token is not valid.")


class Authenticator:
    """Tells whose a token is."""

    def __init__(
        self,
        door: Door,
        *,
        ttl: float = TTL_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        wrong_per_minute: int = WRONG_PER_MINUTE,
    ) -> None:
        self._door = door
        self._ttl = ttl
        self._monotonic = monotonic
        self._known: OrderedDict[bytes, tuple[float, Actor]] = OrderedDict()
        self._wrong = Throttle(wrong_per_minute, monotonic=monotonic)
        self._changes = 0

    async def actor(self, authorization: str | None, *, address: str = "") -> Actor:
        """Return the member of an `Authorization: Bearer …` header; Denied if there is none, or it isn't right."""
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Denied(
                "token.missing", "A bearer token is needed.", remedy="Send Authorization: Bearer <token>."
            )
        token_hash = digest(token.encode("utf-8", "replace"))
        kept = self._known.get(token_hash)
        if kept is not None and kept[0] > self._monotonic():
            return kept[1]
        if kept is None and self._wrong.spent(address):
            raise TooMany("rate.wrong_tokens", "Too many wrong tokens came from this address.", after=60)
        try:
            return await self._recognised(token, token_hash)
        except Denied:
            self._known.pop(token_hash, None)
            self._wrong.allows(address)
            raise

    async def _recognised(self, token: str, token_hash: bytes) -> Actor:
        business = business_of(token)
        if business is None:
            raise Denied(*_UNKNOWN, remedy="Ask the owner for a new one.")
        changes = self._changes
        actor: Actor = await self._door.execute(RecogniseToken(token_hash), system(business, "graphql"))
        if changes == self._changes:  # else it may have been read just before what we were told of
            self._keep(token_hash, actor)
        return actor

    def _keep(self, token_hash: bytes, actor: Actor) -> None:
        left = self._ttl
        if actor.until is not None:
            left = min(left, (actor.until - self._door.clock()).total_seconds())
        self._known.pop(token_hash, None)
        self._known[token_hash] = (self._monotonic() + left, actor)
        while len(self._known) > MAX_CACHED:
            self._known.popitem(last=False)

    def forget(self, business: UUID | None = None) -> None:
        """Recognise every token of a business (of all of them) anew."""
        self._changes += 1
        now = self._monotonic()
        for key, (until, actor) in self._known.items():
            if until > now and business in (None, actor.business_id):
                self._known[key] = (now, actor)
