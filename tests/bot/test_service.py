"""The bot as a program: waits for its API, survives its absence, stops on SIGTERM, logs no secret."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from kit.sealing import new_seal_key
from tests.bench.programs import free_port as unused_port
from tests.bot.bot_api import TOKEN, running_bot_api
from tests.bot.conftest import RAMESH, Join

ROOT = Path(__file__).parent.parent.parent


@asynccontextmanager
async def _program(**environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "MUNSHI_SECRET_KEY": new_seal_key(),
            "LOG_LEVEL": "DEBUG",
            **environment,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _until_logged(process: asyncio.subprocess.Process, words: str) -> str:
    assert process.stdout is not None
    told = ""
    while words not in told:
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        assert line, f"the program ended: {told}"
        told += line.decode()
    return told


async def test_the_program_waits_for_its_api_answers_and_stops_on_sigterm(
    database: Any, free_port: int, join: Join
) -> None:
    await join("Ramesh", "owner", RAMESH)
    base = f"http://127.0.0.1:{free_port}"
    settings = {"DATABASE_URL": database.url, "TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_BASE": base}
    async with _program(**settings) as process:
        told = await _until_logged(process, "bot.waiting_for_api")
        async with running_bot_api(free_port) as api:
            api.types(RAMESH, "/help")
            await api.until(lambda: api.texts(RAMESH), seconds=20)
            process.send_signal(signal.SIGTERM)
            output, _ = await asyncio.wait_for(process.communicate(), 15)
    log = told + output.decode()
    assert process.returncode == 0
    assert "bot.stopping" in log
    assert TOKEN not in log
    assert "Traceback" not in log


async def test_the_program_survives_an_api_that_goes_away_for_a_while(
    database: Any, free_port: int, join: Join
) -> None:
    await join("Ramesh", "owner", RAMESH)
    base = f"http://127.0.0.1:{free_port}"
    settings = {"DATABASE_URL": database.url, "TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_BASE": base}
    async with _program(**settings) as process:
        async with running_bot_api(free_port) as api:
            api.types(RAMESH, "/help")
            await api.until(lambda: api.texts(RAMESH), seconds=20)
        await asyncio.sleep(1.0)
        async with running_bot_api(free_port) as api:
            api._next_update = 1_000
            api.types(RAMESH, "/owes")
            await api.until(lambda: api.texts(RAMESH), seconds=30)
        assert process.returncode is None


async def test_without_a_token_the_program_says_what_to_do() -> None:
    async with _program() as process:
        output, _ = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert "TELEGRAM_BOT_TOKEN is not set" in output.decode()


async def test_two_programs_behind_one_address_share_the_work_and_one_may_go(
    database: Any, free_port: int, join: Join
) -> None:
    await join("Ramesh", "owner", RAMESH)
    hook = unused_port()
    settings = {
        "DATABASE_URL": database.url, "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_BASE": f"http://127.0.0.1:{free_port}",
        "TELEGRAM_WEBHOOK_URL": f"http://127.0.0.1:{hook}/telegram",
        "TELEGRAM_WEBHOOK_PORT": str(hook), "TELEGRAM_WEBHOOK_SHARE_PORT": "true",
    }  # fmt: skip
    async with running_bot_api(free_port) as api, _program(**settings) as one, _program(**settings) as other:
        for process in (one, other):
            await _until_logged(process, "bot.listening")
        for n in range(6):
            api.types(RAMESH, f"who is number {n}")
        await api.until(lambda: len(api.texts(RAMESH)) == 6, seconds=30)
        assert [f"number {n}" in text for n, text in enumerate(api.texts(RAMESH))] == [True] * 6
        one.send_signal(signal.SIGTERM)
        output, _ = await asyncio.wait_for(one.communicate(), 30)
        assert "Traceback" not in output.decode()
        api.types(RAMESH, "and who is number 7")
        await api.until(lambda: len(api.texts(RAMESH)) == 7, seconds=30)
