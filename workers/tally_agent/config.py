"""What the agent is told once: where Tally listens, where to post, the secret; kept in a file for the owner alone."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from kit.errors import Rejected

TALLY = "http://localhost:9000"
_EVERY = re.compile(r"(\d{1,4})\s*([smh])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_SHORTEST = timedelta(minutes=1)
_LOCAL = frozenset(["localhost", "127.0.0.1", "::1"])


@dataclass(frozen=True, slots=True)
class Config:
    """`address` and `secret` are those of the source in Munshi; `company` '': whichever single one is open."""

    tally: str = TALLY
    address: str = ""
    secret: str = ""
    company: str = ""

    def __repr__(self) -> str:
        return f"Config(tally={self.tally!r}, company={self.company!r})"

    @property
    def in_clear(self) -> bool:
        """Whether what is posted travels unencrypted to another computer."""
        parts = urlsplit(self.address)
        return parts.scheme == "http" and (parts.hostname or "") not in _LOCAL


def checked(config: Config) -> Config:
    """Return it if the agent can work with it; Rejected, without repeating any secret."""
    for what, url in (("Tally's address", config.tally), ("The address to post to", config.address)):
        if not url:
            raise Rejected(
                "agent.not_set_up",
                f"{what} isn't known yet.",
                remedy="Run `munshi tally-agent setup`; `munshi source add books:tally` prints address and secret.",
            )
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Rejected("agent.address", f"{what} must begin with http:// or https://.")
    if not config.secret:
        raise Rejected(
            "agent.not_set_up",
            "The source's secret isn't known yet.",
            remedy="Run `munshi tally-agent setup`.",
        )
    return config


def read_config(place: Path) -> Config:
    """Return what the file holds; the defaults where there is none; Rejected if it can't be read."""
    try:
        told = json.loads(place.read_text("utf-8"))
    except FileNotFoundError:
        return Config()
    except (OSError, ValueError):
        told = None
    names = {field.name for field in fields(Config)}
    if not isinstance(told, dict) or not all(isinstance(told.get(name, ""), str) for name in names):
        raise Rejected(
            "agent.config", f"{place} can't be read.", remedy="Run `munshi tally-agent setup` again."
        )
    return Config(**{name: value for name, value in told.items() if name in names})


def write_config(place: Path, config: Config) -> None:
    """Replace the file at once, readable by its owner alone where the system knows such a thing."""
    write_private(place, json.dumps(asdict(config), ensure_ascii=False, indent=1))


def write_private(place: Path, text: str) -> None:
    """Replace a file of text at once (0600): a power cut leaves the old one or the new one."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f"{place.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)


def span(text: str) -> timedelta:
    """Read `15m`, `90s` or `2h`; Rejected if it is none, or shorter than a minute."""
    found = _EVERY.fullmatch(text.strip().lower())
    if found is None:
        raise Rejected("agent.every", f"{text[:20]!r} is no time span.", remedy="Write 15m, 90s or 2h.")
    value = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if value < _SHORTEST:
        raise Rejected("agent.every", "Tally serves a person too: leave it a minute.", remedy="Write 15m.")
    return value
