"""The life of the bot: connects with patience, polls and sends until it is told to stop, stops cleanly."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from telegram.error import InvalidToken, TelegramError

from bot.address import keep_name
from bot.application import ALLOWED_UPDATES, AnyApplication, bot_commands
from bot.outbox import Sender
from bot.webhook import Webhook, WebhookServer
from kit.logs import logger
from ledger.dispatch import Door

log = logger(__name__)
_FIRST_WAIT, _LONGEST_WAIT = 0.25, 30.0
_POLL_SECONDS = 20


async def serve(
    application: AnyApplication, door: Door, stop: asyncio.Event, *, webhook: Webhook | None = None
) -> None:
    """Run the bot until `stop` is set; a Bot API server that isn't up yet is waited for.

    `webhook`: where updates are posted to; without one they are fetched.
    """
    hook = WebhookServer(application, webhook) if webhook is not None else None
    if not await _patiently(partial(_introduce, application), stop):
        return
    sender = Sender(door, application.bot)
    sending = asyncio.create_task(sender.run())
    reading = asyncio.create_task(application.bot_data["imports"].run())
    updater = application.updater
    assert updater is not None
    try:
        await application.start()
        if hook is not None:
            await hook.start()
            await _patiently(hook.announce, stop)
        else:  # this takes an announced address back
            await updater.start_polling(
                timeout=_POLL_SECONDS,
                bootstrap_retries=-1,
                allowed_updates=list(ALLOWED_UPDATES),
                error_callback=_polling_failed,
            )
        log.info("bot.listening", webhook=hook is not None)
        await stop.wait()
    finally:
        log.info("bot.stopping")
        if hook is not None:
            await hook.stop()
        if updater.running:
            await updater.stop()
        if application.running:
            await application.stop()
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        await sender.stop()
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        await application.shutdown()


async def _introduce(application: AnyApplication) -> None:
    """Learn who we are, and say what can be asked."""
    await application.initialize()
    keep_name(application.bot.username)
    await application.bot.set_my_commands(bot_commands())
    await application.bot.set_my_commands(bot_commands("hi"), language_code="hi")


async def _patiently(call: Callable[[], Awaitable[None]], stop: asyncio.Event) -> bool:
    """Call until Telegram answers, with growing pauses; False if we are told to stop before."""
    wait, told = _FIRST_WAIT, False
    while not stop.is_set():
        try:
            await call()
        except InvalidToken as refusal:
            if told is False:
                log.error("bot.token_refused", reason=type(refusal).__name__)
        except TelegramError as fault:
            if told is False:
                log.info("bot.waiting_for_api", reason=type(fault).__name__)
        else:
            return True
        told = True
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait * random.uniform(0.7, 1.0))  # noqa: S311
        wait = min(wait * 2, _LONGEST_WAIT)
    return False


def _polling_failed(fault: TelegramError) -> None:
    # The updater itself goes on with a growing pause.
    log.warning("bot.polling", reason=type(fault).__name__)
