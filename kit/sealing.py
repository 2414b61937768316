"""Sealing of secrets at rest: Fernet keys from the settings, newest first, so that keys can be changed in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from kit.errors import SourceBroken
from kit.settings import settings


class Seal:
    """Seals with the newest of `keys` (separated by commas) and opens what any of them sealed."""

    def __init__(self, keys: str) -> None:
        parts = [part.strip() for part in keys.split(",") if part.strip()]
        if not parts:
            raise SourceBroken(
                "seal.no_key",
                "There is no key to seal secrets with.",
                remedy="Set MUNSHI_SECRET_KEY to a Fernet key.",
            )
        try:
            self._fernet = MultiFernet([Fernet(part) for part in parts])
        except ValueError:
            raise SourceBroken(
                "seal.bad_key",
                "MUNSHI_SECRET_KEY is not a list of Fernet keys.",
                remedy="A Fernet key is 32 random bytes in URL-safe base64.",
            ) from None

    def seal(self, secrets: Sequence[str]) -> bytes:
        """Return the secrets (newest first) sealed, as the column `sources.secrets` keeps them."""
        return self._fernet.encrypt(orjson.dumps(list(secrets)))

    def open(self, sealed: bytes | None) -> tuple[str, ...]:
        """Return the secrets, newest first; none for a source without; SourceBroken if no key of ours sealed them."""
        return () if sealed is None else tuple(str(item) for item in self._opened(sealed))

    def seal_fields(self, fields: Mapping[str, str]) -> bytes:
        """Return named credentials sealed, as the column `sources.credentials` keeps them."""
        return self._fernet.encrypt(orjson.dumps(dict(fields)))

    def open_fields(self, sealed: bytes | None) -> dict[str, str]:
        """Return named credentials; none for a source without; SourceBroken if no key of ours sealed them."""
        return {} if sealed is None else {str(k): str(v) for k, v in self._opened(sealed).items()}

    def _opened(self, sealed: bytes) -> Any:
        try:
            return orjson.loads(self._fernet.decrypt(bytes(sealed)))
        except InvalidToken:
            raise SourceBroken(
                "seal.wrong_key",
                "The secrets of this source were sealed with another key.",
                remedy="Put the former key back behind the new one in MUNSHI_SECRET_KEY, or give a new secret.",
            ) from None

    def renew(self, sealed: bytes) -> bytes:
        """Seal again with the newest key what an older one sealed."""
        return self._fernet.rotate(sealed)


def new_seal_key() -> str:
    """Return a fresh key for MUNSHI_SECRET_KEY."""
    return Fernet.generate_key().decode()


@lru_cache(maxsize=1)
def process_seal() -> Seal:
    """Return the seal of this process, made from its settings."""
    return Seal(settings().munshi_secret_key.get_secret_value())
