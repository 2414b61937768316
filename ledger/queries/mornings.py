"""What the munshi says by himself, and what a member has chosen of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DailyDigest:
    """The digest, asked for many members one after the other. View: DigestView."""


@dataclass(frozen=True, slots=True)
class Evening:
    """How the day went and what tomorrow needs. View: EveningView."""


@dataclass(frozen=True, slots=True)
class MySettings:
    """The asking member's hours, picture and alerts. View: SettingsView."""


@dataclass(frozen=True, slots=True)
class NewAlerts:
    """What the asking member wants to be told of now and wasn't yet. View: AlertsView."""
