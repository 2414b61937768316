"""`python -m graph` as a process: it serves, names what is wrong, and ends cleanly."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest


def environment(**variables: str) -> dict[str, str]:
    """The environment of a child: ours without our own settings, with these."""
    kept = {
        name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")
    }
    return {**kept, **variables}


@contextmanager
def api(**variables: str) -> Iterator[subprocess.Popen[str]]:
    """The api as a child."""
    child = subprocess.Popen(
        [sys.executable, "-m", "graph"],
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()


def answer(port: int, child: subprocess.Popen[str], path: str) -> httpx.Response:
    """The answer to a GET, as soon as there is one."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=5)
        except httpx.TransportError:
            if child.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.mark.parametrize(("mode", "phone"), [("production", 404), ("development", 200)])
def test_it_serves_with_the_phone_in_development_only_and_ends_on_a_signal(
    mode: str, phone: int, database: Any, free_port: int, tmp_path: Any
) -> None:
    with api(
        DATABASE_URL=database.url, PORT=str(free_port), MUNSHI_ENV=mode, MUNSHI_HOME=str(tmp_path)
    ) as child:
        assert answer(free_port, child, "/healthz").json()["ok"]
        assert answer(free_port, child, "/phone").status_code == phone
        assert answer(free_port, child, "/schema/standard.json").status_code == 200
        child.send_signal(signal.SIGTERM)
        assert child.wait(15) in (0, -signal.SIGTERM)


def test_an_open_poll_of_the_phone_does_not_hold_up_the_end(
    database: Any, free_port: int, tmp_path: Any
) -> None:
    with api(
        DATABASE_URL=database.url, PORT=str(free_port), MUNSHI_ENV="development", MUNSHI_HOME=str(tmp_path)
    ) as child:
        answer(free_port, child, "/healthz")
        poll = f"http://127.0.0.1:{free_port}/phone/api/bot100000000:MUNSHI-PHONE/getUpdates?timeout=40"
        with ThreadPoolExecutor(1) as other:
            waiting = other.submit(httpx.get, poll, timeout=60)
            time.sleep(0.5)
            started = time.monotonic()
            child.send_signal(signal.SIGTERM)
            child.wait(15)
            assert time.monotonic() - started < 5
            assert waiting.result().status_code in (200, 503)


def test_a_busy_port_is_named_with_the_way_out(database: Any, free_port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))
        taken.listen()
        with api(DATABASE_URL=database.url, PORT=str(free_port)) as child:
            said, _ = child.communicate(timeout=30)
    assert child.returncode == 1
    assert f"Port {free_port} is in use" in said
    assert f"PORT={free_port + 1}" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, "DATABASE_URL"),
        (
            {"DATABASE_URL": "postgresql://x@127.0.0.1/x", "MUNSHI_EXTRA_ROUTES": "bot.nowhere:routes"},
            "MUNSHI_EXTRA_ROUTES",
        ),
        ({"DATABASE_URL": "postgresql://x@127.0.0.1/x", "MUNSHI_DOORBELL": "nonsense"}, "MUNSHI_DOORBELL"),
    ],
)
def test_a_wrong_setting_is_named(variables: dict[str, str], named: str, free_port: int) -> None:
    with api(PORT=str(free_port), **variables) as child:
        said, _ = child.communicate(timeout=30)
    assert child.returncode == 1
    assert named in said
    assert "Traceback" not in said


def test_the_command_that_checks_the_schema_passes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "graph.sdl", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
