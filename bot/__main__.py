"""The bot: `python -m bot`."""

from __future__ import annotations

import asyncio
import signal
import sys

from bot.application import build_application
from bot.service import serve
from bot.webhook import webhook_of
from ingest.door import Appender
from ingest.importing import Files
from ingest.sources import Sources
from kit.database import make_engine
from kit.errors import MunshiError
from kit.logs import configure_logs
from kit.sealing import process_seal
from kit.settings import settings
from ledger.dispatch import Door
from workers.doorbell import close_doorbell, ring

_POOL = 10  # two of them are kept for good: the sender's lease, and the locks of chats


async def run() -> int:
    """Run the bot until SIGTERM or SIGINT; return the exit code."""
    chosen = settings()
    token = chosen.telegram_bot_token.get_secret_value()
    if not token:
        sys.stderr.write("TELEGRAM_BOT_TOKEN is not set. Ask @BotFather for one, or run `make demo`.\n")
        return 2
    if not chosen.database_url:
        sys.stderr.write("DATABASE_URL is not set.\n")
        return 2
    try:
        webhook = webhook_of(chosen)
    except MunshiError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    engine = make_engine(chosen.database_url, pool_size=_POOL, application="munshi-bot")
    door = Door(engine)
    files = Files(
        door, Sources(engine, seal=process_seal), Appender(engine, ring=ring), max_bytes=chosen.max_file_bytes
    )
    application = build_application(door, files, token=token, api_base=chosen.telegram_api_base, ring=ring)
    try:
        await serve(application, door, stop, webhook=webhook)
    finally:
        await close_doorbell()
        await engine.dispose()
    return 0


def main() -> int:
    """Configure logs and run."""
    chosen = settings()
    configure_logs(level=chosen.log_level, form=chosen.log_format, program="bot")
    return asyncio.run(run())


if __name__ == "__main__":
    sys.exit(main())
