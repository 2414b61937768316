"""What a member sets for himself, over GraphQL: language, hours, picture, alerts. Nobody sets it for another."""

from __future__ import annotations

from datetime import time
from typing import Annotated

import strawberry

from graph.types.basics import Info, plain, told
from ledger.commands.preferences import SetLanguage
from ledger.commands.settings import (
    SetDigestHour,
    SetEveningHour,
    SetPicture,
    SetQuietHours,
    SwitchAlert,
)
from ledger.queries.mornings import MySettings
from ledger.views.mornings import SettingsView

Hour = Annotated[
    time | None, strawberry.argument(description="In the business's timezone; null: not at all.")
]


@strawberry.type(description="One kind of alert.")
class AlertSwitch:
    """A switch."""

    kind: str = strawberry.field(description="What it tells of at once.")
    on: bool = strawberry.field(description="Whether the member wants it.")


@strawberry.type(description="What the token's member has set, after the change.")
class MySettingsPayload:
    """The outcome."""

    language: str = strawberry.field(description="en or hi: what is spoken with him.")
    digest_at: time | None = strawberry.field(description="Local hour of the morning digest; null: none.")
    evening_at: time | None = strawberry.field(description="Local hour of the evening close; null: none.")
    picture: str = strawberry.field(description="Of the morning: off, light or dark.")
    alerts: list[AlertSwitch] = strawberry.field(description="Every alert that his role may hear of.")
    quiet_from: time = strawberry.field(description="Alerts are kept from this hour on.")
    quiet_until: time = strawberry.field(description="Until this one; alike: never.")


@strawberry.type(description="Commands about the member's own settings.")
class MyMutations:
    """Fields of the root of commands."""

    @told("Speak another language with me.")
    async def set_language(
        self, info: Info, language: Annotated[str, strawberry.argument(description="en or hi.")]
    ) -> MySettingsPayload:
        """Set it."""
        await info.context.execute(SetLanguage(plain(language) or ""))
        return _payload(await info.context.ask(MySettings()))

    @told("Send my digest at this hour; where it has passed today, from tomorrow on.")
    async def set_digest_hour(self, info: Info, at: Hour = None) -> MySettingsPayload:
        """Set it."""
        return _payload(await info.context.execute(SetDigestHour(at)))

    @told("Close my day at this hour; where it has passed today, from tomorrow on.")
    async def set_evening_hour(self, info: Info, at: Hour = None) -> MySettingsPayload:
        """Set it."""
        return _payload(await info.context.execute(SetEveningHour(at)))

    @told("Send a picture with my digest, or none.")
    async def set_picture(
        self, info: Info, theme: Annotated[str, strawberry.argument(description="off, light or dark.")]
    ) -> MySettingsPayload:
        """Set it."""
        return _payload(await info.context.execute(SetPicture(plain(theme) or "")))

    @told("Tell me of this kind of thing at once, or don't.")
    async def switch_alert(
        self,
        info: Info,
        kind: Annotated[str, strawberry.argument(description="One of alerts { kind }.")],
        on: Annotated[bool, strawberry.argument(description="Whether it is wanted.")],
    ) -> MySettingsPayload:
        """Switch it."""
        return _payload(await info.context.execute(SwitchAlert(plain(kind) or "", "on" if on else "off")))

    @told("Keep alerts from one hour to another.")
    async def set_quiet_hours(
        self,
        info: Info,
        start: Annotated[time, strawberry.argument(description="From this hour on, local.")],
        until: Annotated[time, strawberry.argument(description="Until this one; alike: never.")],
    ) -> MySettingsPayload:
        """Set them."""
        return _payload(await info.context.execute(SetQuietHours(start, until)))


def _payload(view: SettingsView) -> MySettingsPayload:
    return MySettingsPayload(
        language=view.language,
        digest_at=view.digest_at,
        evening_at=view.evening_at,
        picture=view.picture,
        alerts=[AlertSwitch(kind=kind, on=on) for kind, on in view.alerts],
        quiet_from=view.quiet_from,
        quiet_until=view.quiet_until,
    )
