"""What `munshi up` and `munshi demo` run, and in which environment; and the whole of it, once, for real."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.children import processes_at, spawn
from kit.embedded import Home, plan_servers
from kit.settings import Settings
from tests.workers.programs import ROOT
from workers.up import PHONE_TOKEN, plan


@pytest.fixture
def home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="mh-", dir="/tmp", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o711)
        yield Home(Path(made) / "home")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_the_demo_opens_the_phone_and_runs_the_firm(home: Home) -> None:
    servers = plan_servers(home, database_url="", redis_url="")
    made = plan(Settings(), home, servers, demo=True)
    assert [p.name for p in made.programs] == ["api", "worker", "scheduler", "bot", "firm"]
    assert made.environment["MUNSHI_ENV"] == "development"
    assert made.environment["TELEGRAM_BOT_TOKEN"] == PHONE_TOKEN
    assert made.environment["TELEGRAM_API_BASE"] == "http://127.0.0.1:8420/phone/api"
    assert made.environment["DATABASE_URL"].startswith("postgresql://munshi_app@")
    assert "link to its chat comes" in made.greeting  # by the firm, once its data is in


def test_in_production_without_a_token_the_chat_is_off(home: Home) -> None:
    servers = plan_servers(home, database_url="", redis_url="")
    made = plan(Settings(), home, servers, demo=False)
    assert [p.name for p in made.programs] == ["api", "worker", "scheduler"]
    assert "TELEGRAM_BOT_TOKEN" not in made.environment


def test_with_a_token_the_bot_speaks_to_telegram(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:a")
    made = plan(Settings(), home, plan_servers(home, database_url="", redis_url=""), demo=True)
    assert "bot" in [p.name for p in made.programs]
    assert "TELEGRAM_API_BASE" not in made.environment


def test_with_both_addresses_given_nothing_embedded_starts(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://munshi_app@db/munshi")
    monkeypatch.setenv("REDIS_URL", "redis://redis")
    config = Settings()
    servers = plan_servers(home, database_url=config.database_url, redis_url=config.redis_url)
    made = plan(config, home, servers, demo=False)
    assert servers.postgres is None
    assert servers.redis is None
    assert made.environment["DATABASE_URL"] == "postgresql://munshi_app@db/munshi"
    assert made.before == ()  # no owner's address: `munshi migrate` is somebody else's


def test_the_key_that_seals_secrets_is_made_once_and_for_our_eyes_only(home: Home) -> None:
    key = home.secret_key()
    assert home.secret_key() == key
    assert (home.path / "secret.key").stat().st_mode & 0o077 == 0


def test_the_whole_of_munshi_comes_up_answers_and_stops(
    home: Home, free_port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MUNSHI_HOME", str(home.path))
    monkeypatch.setenv("PORT", str(free_port))
    log = tmp_path / "log"
    with log.open("wb") as output:
        child = spawn([sys.executable, "-m", "workers.up"], cwd=ROOT, output=output)
    deadline = time.monotonic() + 90
    while "scheduler.ready" not in log.read_text() or "worker.ready" not in log.read_text():
        assert child.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/healthz", timeout=5) as answer:
        assert answer.status == 200
    child.send_signal(signal.SIGINT)
    begun = time.monotonic()
    assert child.wait(20) == 0, log.read_text()
    assert time.monotonic() - begun < 10
    assert "was killed" not in log.read_text()
    assert "Traceback" not in log.read_text()
    assert not processes_at(home.path / "postgres", program="postgres")
