"""Access tokens that were renewed: sealed and kept for the next visit and the other workers, never over what the owner gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy.ext.asyncio import AsyncEngine

from ingest.sources import Source
from kit.database import transaction
from kit.logs import logger
from kit.sealing import Seal

log = logger(__name__)
RENEWED = ("access_token", "expires_at")
"""What a renewal makes; all else was given by the owner, or came with a renewal instead of what he gave."""


class Tokens:
    """The credentials of one source while it is visited."""

    def __init__(self, engine: AsyncEngine, source: Source, seal: Callable[[], Seal]) -> None:
        self._engine = engine
        self._key = (source.business_id, source.name)
        self._seal = seal
        self._known = dict(source.credentials)

    async def stored(self) -> Mapping[str, str]:
        """Return what is kept by now: another worker may have renewed the token, the owner may have given another."""
        async with transaction(self._engine, self._key[:1]) as tx:
            sealed = await tx.value(
                "SELECT credentials FROM sources WHERE business_id = $1 AND name = $2", *self._key
            )
        if sealed is not None:
            self._known = dict(self._seal().open_fields(sealed))
        return self._known

    async def keep(self, credentials: Mapping[str, str]) -> None:
        """Keep what a renewal made, unless somebody gave other credentials meanwhile: those stand."""
        async with transaction(self._engine, self._key[:1]) as tx:
            sealed = await tx.value(
                "SELECT credentials FROM sources WHERE business_id = $1 AND name = $2 FOR UPDATE", *self._key
            )
            if sealed is not None and given(self._seal().open_fields(sealed)) != given(self._known):
                log.info("pull.token_not_kept", source=self._key[1])
                return
            await tx.run(
                "UPDATE sources SET credentials = $3 WHERE business_id = $1 AND name = $2",
                *self._key,
                self._seal().seal_fields(credentials),
            )
        self._known = dict(credentials)


def given(credentials: Mapping[str, str]) -> dict[str, str]:
    """Return credentials without what a renewal made."""
    return {name: value for name, value in credentials.items() if name not in RENEWED}
