"""The home folder, the ports and the children of ours."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.children import end, processes_at, run_as, spawn, started_at
from kit.embedded import Home, Running, plan_servers, socket_folder
from kit.errors import Rejected
from kit.ports import holder_of, require_free
from kit.postgres import PostgresServer, clear_left_behind


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mh-", dir="/tmp", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o711)
        yield Path(made)


def running(**changes: object) -> Running:
    told = {
        "pid": os.getpid(),
        "database_url": "d",
        "admin_database_url": "a",
        "redis_url": "r",
        "sockets": "s",
    }
    return Running(**{**told, **changes})  # type: ignore[arg-type]


def test_a_home_tells_where_its_servers_are_while_it_is_held(folder: Path) -> None:
    home, other = Home(folder / "home"), Home(folder / "home")
    assert other.running() is None
    home.take()
    home.record(running(children=((1, 2),)))
    assert other.running() == running(children=((1, 2),))
    with pytest.raises(Rejected, match=f"process {os.getpid()}"):
        other.take()
    home.release()
    assert other.running() is None
    other.take()
    other.release()


def test_what_a_killed_holder_left_is_cleared(folder: Path) -> None:
    home = Home(folder / "home")
    home.take()
    sockets = socket_folder()
    sockets.mkdir()
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    born = started_at(left.pid)
    assert born is not None
    home.record(running(sockets=str(sockets), children=((left.pid, born), (os.getpid(), 1))))
    assert home._lock is not None
    home._lock.close()  # as the kernel does for a killed process
    again = Home(folder / "home")
    again.take()
    assert left.wait(5) == -signal.SIGTERM
    assert not sockets.exists()  # and we are alive: our start isn't the one that was written
    again.release()


def test_a_half_made_cluster_is_made_again(folder: Path) -> None:
    (folder / "postgres.new").mkdir()
    (folder / "postgres.new" / "PG_VERSION").write_text("18")
    server = PostgresServer(folder / "postgres", folder / "s", {"fsync": "off"}, output=subprocess.DEVNULL)
    server.start()
    try:
        server.ensure_database("munshi")
        server.ensure_database("munshi")
        assert server.sql("SELECT current_user", database="munshi") == "postgres"
        assert server.sql("SHOW listen_addresses") == ""
        assert (folder / "s").stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()
    assert clear_left_behind(folder / "postgres") == []


def test_a_server_may_listen_on_a_port_of_this_machine(folder: Path, free_port: int) -> None:
    server = PostgresServer(
        folder / "postgres", folder / "s", {"fsync": "off"}, tcp_port=free_port, output=subprocess.DEVNULL
    )
    server.start()
    try:
        with socket.create_connection(("127.0.0.1", free_port), timeout=5):
            pass
        assert server.sql("SELECT 1") == "1"
    finally:
        server.stop()


def test_what_was_given_an_address_is_not_embedded(folder: Path) -> None:
    home = Home(folder)
    assert plan_servers(home, database_url="postgresql://x", redis_url="redis://x").database_url == ""
    assert plan_servers(home, database_url="", redis_url="redis://x").redis is None
    assert plan_servers(home, database_url="postgresql://x", redis_url="").postgres is None


def test_a_busy_port_is_told_with_its_holder(free_port: int) -> None:
    require_free("127.0.0.1", free_port)
    assert holder_of(free_port) is None
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", free_port))
        holder.listen()
        assert holder_of(free_port) == os.getpid()
        with pytest.raises(Rejected, match=f"in use by process {os.getpid()}") as caught:
            require_free("127.0.0.1", free_port)
    assert f"PORT={free_port + 1}" in caught.value.remedy


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Rejected, match="not an address of this machine"):
        require_free("192.0.2.1", 8420)


def test_a_child_ends_with_the_one_that_started_it(folder: Path) -> None:
    script = (
        "import subprocess, sys, time; from pathlib import Path; from kit.children import spawn\n"
        "child = spawn([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert started_at(child) is not None
    parent.kill()
    parent.wait()
    assert end(child, signal.SIGCONT, each=10.0)  # a signal that ends nothing: we only wait


def test_a_stubborn_child_is_ended_by_the_last_signal() -> None:
    script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    assert end(child.pid, signal.SIGTERM, signal.SIGKILL, each=0.2)
    assert child.wait() == -signal.SIGKILL


def test_only_a_server_at_that_folder_counts_as_left_behind(folder: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], cwd=folder)
    try:
        assert processes_at(folder, program="postgres") == []
    finally:
        child.kill()
        child.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_as_root_a_child_is_nobody_and_may_pass_a_closed_folder_only_if_it_must(folder: Path) -> None:
    open_to_all = run_as(folder / "data")
    assert open_to_all is not None
    assert open_to_all.capability is None
    folder.chmod(0o700)
    (folder / "open").mkdir()
    (folder / "open" / "word").write_text("read")
    closed = run_as(folder / "open" / "data")
    assert closed is not None
    assert closed.capability is not None
    child = spawn(["/bin/cat", folder / "open" / "word"], who=closed, output=subprocess.PIPE)
    assert child.communicate()[0] == b"read"
    # initdb asks access(2), which looks at other capabilities than opening does.
    asks = f"import os; print(os.access({str(folder / 'open' / 'word')!r}, os.R_OK))"
    asked = spawn([sys.executable, "-c", asks], who=closed, output=subprocess.PIPE)
    assert asked.communicate()[0].strip() == b"True"
    refused = spawn(["/bin/cat", folder / "open" / "word"], who=open_to_all, output=subprocess.PIPE)
    assert b"Permission denied" in refused.communicate()[0]
