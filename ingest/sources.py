"""Sources as the door knows them: found by the key in the webhook's address, with secrets, settings and status words."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncEngine

from connectors.contract import Connector, Manifest, StatusRow, load_connector, load_manifest
from ingest.normalise import StatusMap, status_map
from kit.database import Tx, transaction
from kit.errors import Denied, NotFound, Retryable
from kit.ids import split_business_key
from kit.sealing import Seal

TTL_SECONDS = 5.0
MAX_CACHED = 10_000
_NOBODY = bytes(32)
OUTAGE = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    sqlalchemy.exc.DBAPIError,
    sqlalchemy.exc.TimeoutError,
    OSError,
    TimeoutError,
)
"""How a database that is away, full or restarting shows itself."""

_BY_KEY = """
SELECT s.name, s.connector, s.secrets, s.credentials, s.settings, s.write_back, s.key_hash, b.timezone, b.currency
FROM sources s JOIN businesses b USING (business_id)
WHERE s.business_id = $1 AND s.enabled AND s.key_hash = $2
"""
_BY_NAME = """
SELECT s.name, s.connector, s.secrets, s.credentials, s.settings, s.write_back, s.key_hash, b.timezone, b.currency
FROM sources s JOIN businesses b USING (business_id)
WHERE s.business_id = $1 AND s.enabled AND s.name = $2
"""
_MAPPINGS = """
SELECT kind, word, qualifier, status, confidence FROM status_mappings WHERE business_id = $1 AND source = $2
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A connected source with all that reading one of its deliveries, or calling its vendor, needs."""

    business_id: UUID
    name: str
    connector: Connector
    manifest: Manifest
    secrets: tuple[str, ...] = field(repr=False)
    settings: Mapping[str, Any]
    statuses: StatusMap
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    write_back: bool = False


class Sources:
    """Finds sources, and remembers them for a few seconds, so that a busy webhook doesn't ask each time.

    `seal` is called for the first source that has secrets, so that a program without the key can still read files.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        seal: Callable[[], Seal],
        ttl: float = TTL_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._seal = seal
        self._ttl = ttl
        self._monotonic = monotonic
        self._known: OrderedDict[bytes, tuple[float, Source | None]] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[Source | None]] = {}

    async def by_key(self, key: str) -> Source:
        """Return the enabled source whose webhook address ends in `key`; Denied for any other key, Retryable by outage.

        A wrong key costs the same whether its business exists or not, and is remembered as wrong for as long.
        """
        key_hash = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        cached = self._known.get(key_hash)
        if cached is not None and cached[0] > self._monotonic():
            found = cached[1]
        else:
            found = await self._ask_once(key, key_hash)
        if found is None:
            raise Denied(
                "source.unknown",
                "There is no source at this address.",
                remedy="Check that it was copied whole, and that the source is switched on.",
            )
        return found

    async def by_name(self, business_id: UUID, name: str) -> Source:
        """Return an enabled source of a business, for files; NotFound if there is none of that name."""
        async with transaction(self._engine, [business_id]) as tx:
            row = await tx.row(_BY_NAME, business_id, name)
            if row is None:
                raise NotFound(
                    "source.unknown", f"There is no source {name[:60]!r}.", remedy="See `munshi source list`."
                )
            return await _source(tx, business_id, row, self._seal)

    def forget(self) -> None:
        """Drop what is remembered (a source was changed in this process)."""
        self._known.clear()

    async def _ask_once(self, key: str, key_hash: bytes) -> Source | None:
        task = self._asking.get(key_hash)
        if task is None:
            task = asyncio.create_task(self._ask(key, key_hash))
            self._asking[key_hash] = task
            task.add_done_callback(lambda _: self._asking.pop(key_hash, None))
        try:
            return await asyncio.shield(task)
        except OUTAGE:
            raise Retryable(
                "store.away", "The database is away.", remedy="Send it again in a minute."
            ) from None

    async def _ask(self, key: str, key_hash: bytes) -> Source | None:
        split = split_business_key(key)
        found: Source | None = None
        if split is not None:
            async with transaction(self._engine, [split[0]]) as tx:
                row = await tx.row(_BY_KEY, split[0], key_hash)
                stored = bytes(row["key_hash"]) if row is not None else _NOBODY
                if hmac.compare_digest(stored, key_hash) and row is not None:
                    found = await _source(tx, split[0], row, self._seal)
        self._known[key_hash] = (self._monotonic() + self._ttl, found)
        self._known.move_to_end(key_hash)
        while len(self._known) > MAX_CACHED:
            self._known.popitem(last=False)
        return found


async def _source(tx: Tx, business_id: UUID, row: Mapping[str, Any], seal: Callable[[], Seal]) -> Source:
    manifest = load_manifest(row["connector"])
    own = [
        StatusRow(
            kind=mapped["kind"],
            word=mapped["word"],
            qualifier=mapped["qualifier"],
            status=mapped["status"],
            confidence=mapped["confidence"],
        )
        for mapped in await tx.fetch(_MAPPINGS, business_id, row["name"])
    ]
    return Source(
        business_id=business_id,
        name=row["name"],
        connector=load_connector(row["connector"]),
        manifest=manifest,
        secrets=seal().open(row["secrets"]) if row["secrets"] is not None else (),
        settings={"timezone": row["timezone"], "currency": row["currency"], **row["settings"]},
        statuses=status_map(manifest, own),
        credentials=seal().open_fields(row["credentials"]) if row["credentials"] is not None else {},
        write_back=row["write_back"],
    )
