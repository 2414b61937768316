"""What a member sets for himself: his hours, his picture, his alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True)
class SetDigestHour:
    """Send my digest at this local hour, or none (None). Result: SettingsView."""

    at: time | None


@dataclass(frozen=True, slots=True)
class SetEveningHour:
    """Close my day at this local hour, or not at all (None). Result: SettingsView."""

    at: time | None


@dataclass(frozen=True, slots=True)
class SetPicture:
    """Send a picture with my digest: off, light or dark. Result: SettingsView."""

    theme: str


@dataclass(frozen=True, slots=True)
class SwitchAlert:
    """Tell me of this kind of thing at once (`on`), or don't ("off"). Result: SettingsView."""

    kind: str
    to: str


@dataclass(frozen=True, slots=True)
class SetQuietHours:
    """Keep alerts from one local hour to another; alike: never. Result: SettingsView."""

    start: time
    until: time
