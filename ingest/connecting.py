"""Connecting a source: what its connector takes, told from its manifest before a command reaches the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from connectors.contract import Manifest, connector_names, load_manifest
from ingest.vendor import check_api_settings
from kit.errors import NotFound, Rejected
from ledger.commands import AddSource, ChangeSource, PullSource, SetCredentials, StartBackfill

_MAX_SETTINGS = 20_000
_RENEWABLE = ("client_id", "client_secret", "refresh_token")
"""What any API with a `token_url` can take: by these its access token is renewed."""


def new_source(
    name: str,
    *,
    connector: str | None,
    label: str | None,
    settings: Mapping[str, Any],
    secret: str | None,
    development: bool,
) -> AddSource:
    """Return the command that connects a source; its connector, label and rhythm are the manifest's unless given."""
    manifest = load_manifest(connector or connector_of(name))
    given = {"silence_hours": manifest.silence_hours, **settings}
    check_settings(manifest, given, development=development)
    return AddSource(
        name=name, connector=manifest.name, label=label or manifest.label, settings=given, secret=secret
    )


def connector_of(name: str) -> str:
    """Return the connector that a source's name speaks of; NotFound if it doesn't say."""
    family, _, rest = name.partition(":")
    for known in connector_names():
        if load_manifest(known).family == family and known in (family, rest):
            return known
    raise NotFound(
        "connector.unknown",
        f"{name[:60]!r} doesn't say which connector reads it.",
        remedy="Name the connector too; see `munshi source kinds`.",
    )


def change_of(manifest: Manifest, command: ChangeSource, *, development: bool) -> ChangeSource:
    """Return the command if the connector can take it. Settings that aren't given stay as they are."""
    if command.write_back and not manifest.writes_back:
        raise Rejected("source.no_write_back", f"{manifest.label} takes nothing back.")
    check_settings(manifest, command.settings or {}, development=development)
    return command


def check_settings(manifest: Manifest, settings: Mapping[str, Any], *, development: bool) -> None:
    """Raise Rejected unless these settings, as far as they are given, are right (None takes one out)."""
    try:
        size = len(body := orjson.dumps(dict(settings)))
    except (TypeError, RecursionError):
        raise Rejected(
            "source.setting", "Settings hold texts, numbers, yes and no, and lists of them."
        ) from None
    if size > _MAX_SETTINGS or b"\\u0000" in body:
        raise Rejected(
            "source.setting", f"Settings have at most {_MAX_SETTINGS:,} characters and no NUL in them."
        )
    given = {name: value for name, value in settings.items() if value is not None}
    if manifest.api is not None:
        wanted = {**dict.fromkeys(manifest.api.settings, "set elsewhere"), **given}
        check_api_settings(manifest.api, wanted, development=development)
    if "streams" in given:
        listed = given["streams"]
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise Rejected(
                "source.streams",
                "The setting streams is a list of names.",
                remedy='Write ["payments", "refunds"].',
            )
        check_streams(manifest, listed)


def check_streams(manifest: Manifest, streams: Sequence[str]) -> None:
    """Raise NotFound unless the connector has all these streams."""
    for one in streams:
        manifest.stream(one)


def credentials_of(manifest: Manifest, name: str, given: Mapping[str, str]) -> SetCredentials:
    """Return the command that seals credentials; what was given is never part of an error."""
    if manifest.api is None:
        raise Rejected(
            "source.no_api", f"{manifest.label} is not read by ourselves: it sends, or takes files."
        )
    known = list(manifest.api.credentials)
    known += [one for one in _RENEWABLE if manifest.api.token_url and one not in known]
    if not given or not set(given) <= set(known):
        raise Rejected(
            "source.credentials",
            f"{manifest.label} takes the credentials {', '.join(known)}, and no others.",
            remedy="See the connector's README.",
        )
    return SetCredentials(name=name, credentials=dict(given))


def pull_of(manifest: Manifest, name: str, streams: Sequence[str]) -> PullSource:
    """Return the command that reads a source now."""
    check_streams(manifest, streams)
    return PullSource(name, tuple(streams))


def backfill_of(
    manifest: Manifest,
    name: str,
    *,
    streams: Sequence[str],
    since: date,
    until: date | None,
    timezone: str,
) -> StartBackfill:
    """Return the command that reads further back, whole days of the business; no streams: all that have a past."""
    chosen = tuple(streams) or tuple(stream.name for stream in manifest.streams if stream.windowed)
    for one in chosen:
        if not manifest.stream(one).windowed:
            raise Rejected("backfill.streams", f"All of {one} is read each time; it has no past.")
    zone = ZoneInfo(timezone)
    return StartBackfill(
        name,
        chosen,
        since=datetime.combine(since, time(), zone).astimezone(UTC),
        until=None if until is None else datetime.combine(until, time(23, 59, 59), zone).astimezone(UTC),
    )
