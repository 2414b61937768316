"""The supervisor with real servers: starts, restarts, stops in order, and survives its own kill -9."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from kit.children import RunAs, own, processes_at, run_as, spawn, started_at
from kit.embedded import Home
from kit.postgres import PostgresServer
from kit.redis_server import redis_binary

ROOT = Path(__file__).parents[2]


class Run:
    """One start of the supervisor on a home; its log is read from a file."""

    def __init__(self, home: Path, port: int, *, who: RunAs | None = None) -> None:
        self.home, self.port = home, port
        self._log = home.parent / f"log-{time.monotonic_ns()}"
        environment = {
            **{k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")},
            "MUNSHI_HOME": str(home),
            "PORT": str(port),
            "FALL": str(home.parent / "fall"),
            "PYTHONPATH": str(ROOT),
        }
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "tests.workers.supervised"]
            self.process = spawn(command, who=who, env=environment, cwd=ROOT, output=log)

    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def until(self, *words: str, within: float = 40.0) -> Run:
        wait_for(lambda: all(word in self.log() for word in words) or self.process.poll() is not None, within)
        assert all(word in self.log() for word in words), self.log()
        return self

    def signal(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)

    def children(self) -> list[tuple[int, int]]:
        running = Home(self.home).running()
        assert running is not None
        assert len(running.children) >= 3
        return list(running.children)

    def sql(self, statement: str) -> str:
        running = Home(self.home).running()
        assert running is not None
        return PostgresServer(self.home / "postgres", Path(running.sockets)).sql(statement, database="munshi")


def alive(child: tuple[int, int]) -> bool:
    return started_at(child[0]) == child[1]


def wait_for(true: Callable[[], bool], within: float = 20.0) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mh-", dir="/tmp", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o711)
        yield Path(made) / "home"


@pytest.fixture
def start(home: Path, free_port: int) -> Iterator[Callable[[], Run]]:
    runs: list[Run] = []

    def begin() -> Run:
        runs.append(Run(home, free_port))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.signal(signal.SIGTERM)
    Home(home).take()  # clears what the last kill -9 left


def servers_at(home: Path) -> list[int]:
    return processes_at(home / "postgres", program="postgres") + processes_at(
        home / "redis", program="redis-server"
    )


def test_ctrl_c_stops_everything_within_ten_seconds_and_exits_zero(
    start: Callable[[], Run], home: Path
) -> None:
    run = start().until("Ready.", "standing")
    children = run.children()
    sockets = Path(orjson.loads((home / "running.json").read_bytes())["sockets"])
    assert len(servers_at(home)) > (1 if redis_binary() else 0)
    begun = time.monotonic()
    assert run.signal(signal.SIGINT) == 0
    assert time.monotonic() - begun < 10
    assert not any(alive(child) for child in children)
    assert not sockets.exists()
    assert Home(home).running() is None


def test_the_second_start_finds_the_data_of_the_first(start: Callable[[], Run]) -> None:
    run = start().until("Ready.")
    run.sql("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('still here')")
    assert run.signal(signal.SIGTERM) == 0
    again = start().until("Ready.")
    assert again.sql("SELECT word FROM kept") == "still here"


def test_kill_9_of_the_supervisor_leaves_no_server_and_loses_nothing(
    start: Callable[[], Run], home: Path
) -> None:
    run = start().until("Ready.", "standing")
    children = run.children()
    run.sql("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('still here')")
    run.signal(signal.SIGKILL)
    wait_for(lambda: not servers_at(home) and not any(alive(child) for child in children))
    again = start().until("Ready.")
    assert again.sql("SELECT word FROM kept") == "still here"


def test_a_start_right_after_kill_9_waits_for_what_is_left_and_works(start: Callable[[], Run]) -> None:
    start().until("Ready.").signal(signal.SIGKILL)
    assert start().until("Ready.").sql("SELECT 1") == "1"


def test_a_server_that_outlived_its_supervisor_is_stopped_by_the_next(
    start: Callable[[], Run], home: Path
) -> None:
    start().until("Ready.").signal(signal.SIGTERM)
    # What PR_SET_PDEATHSIG can't reach, were there such a case: a postgres of ours without a parent of ours.
    stray = PostgresServer(home / "postgres", home.parent / "s", output=subprocess.DEVNULL)
    stray.start()
    assert stray.process is not None
    run = start().until("Ready.")
    assert stray.process.wait(5) == 0
    assert run.sql("SELECT 1") == "1"


def test_a_lock_file_whose_pid_another_program_has_now_is_removed(
    start: Callable[[], Run], home: Path
) -> None:
    start().until("Ready.").signal(signal.SIGTERM)
    (home / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{home / 'postgres'}\n0\n5432\n\n\n\n")
    start().until("Ready.")
    assert started_at(os.getpid()) is not None


def test_two_supervisors_on_one_home_are_told_apart(start: Callable[[], Run]) -> None:
    first = start().until("Ready.")
    second = start()
    assert second.process.wait(20) == 1
    assert f"already running on {first.home} (process {first.process.pid})" in second.log()
    assert first.process.poll() is None


def test_a_busy_port_is_named_with_its_process_and_what_to_do(
    start: Callable[[], Run], free_port: int
) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", free_port))
        holder.listen()
        run = start()
        assert run.process.wait(20) == 1
    assert f"Port {free_port} is in use by process {os.getpid()}" in run.log()
    assert f"PORT={free_port + 1}" in run.log()


def test_a_fallen_program_is_started_again_with_a_message(start: Callable[[], Run], home: Path) -> None:
    (home.parent / "fall").touch()
    start().until("fragile ended: exit code 7.", "fragile starts again in 1 s.", "standing")


def test_a_fallen_postgres_is_started_again(start: Callable[[], Run], home: Path) -> None:
    run = start().until("Ready.")
    run.sql("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('still here')")
    postmaster = int((home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(postmaster, signal.SIGKILL)
    run.until("postgres ended: killed by SIGKILL.", "postgres starts again in 1 s.")
    wait_for(lambda: len(processes_at(home / "postgres", program="postgres")) > 3)
    wait_for(lambda: _says(run, "SELECT word FROM kept") == "still here")


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")


@as_root
def test_below_a_folder_closed_to_others_root_starts_too(home: Path, free_port: int) -> None:
    home.parent.chmod(0o700)
    run = Run(home, free_port).until("Ready.")
    try:
        assert run.sql("SELECT 1") == "1"
        postmaster = int((home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
        assert Path(f"/proc/{postmaster}").stat().st_uid != 0
    finally:
        assert run.signal(signal.SIGTERM) == 0


@as_root
def test_an_ordinary_user_starts_too(home: Path, free_port: int) -> None:
    who = run_as(home, Path(sys.executable))
    assert who is not None
    home.mkdir(mode=0o700)
    own(home, who)
    run = Run(home, free_port, who=who).until("Ready.", "standing")
    assert servers_at(home)
    assert all(Path(f"/proc/{pid}").stat().st_uid == who.uid for pid, _ in run.children())
    assert run.signal(signal.SIGINT) == 0
    assert not servers_at(home)


def _says(run: Run, statement: str) -> str:
    try:
        return run.sql(statement)
    except Exception as error:  # not up yet
        return str(error)
