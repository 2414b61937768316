"""The supervisor: servers and programs as foreground children, restarted when they fall, stopped in order.

A synchronous loop on one thread: children get their death signal when the thread that started them ends, so all
of them are started from the main one, and kill -9 of this process takes every child with it.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

from kit.children import spawn, started_at
from kit.embedded import Home, Running, Servers
from kit.errors import MunshiError
from kit.postgres import PostgresServer
from kit.redis_server import RedisServer
from workers.output import Output

_HEALTHY_AFTER = 60.0
_LONGEST_PAUSE = 30.0
_GRACE = 5.0
_READY_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Program:
    """A Python module that runs as a child. `first` ones start before the others, which wait for the ready address."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    first: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: programs, their environment, the modules to run once before, the address that says ready."""

    programs: tuple[Program, ...]
    environment: Mapping[str, str]
    before: tuple[Program, ...] = ()
    ready_url: str = ""
    greeting: str = ""


class Stopped(BaseException):
    """A signal asked us to stop (not an Exception: nothing on the way may swallow it)."""


@dataclass(slots=True)
class _Child:
    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    since: float = 0.0
    falls: int = 0


@dataclass(slots=True)
class Supervisor:
    """Runs a plan on a taken home until a signal comes."""

    home: Home
    servers: Servers
    plan: Plan
    output: Output
    _children: dict[str, _Child] = field(default_factory=dict)
    _events: queue.SimpleQueue[tuple[str, object]] = field(default_factory=queue.SimpleQueue)
    _pauses: dict[str, float] = field(default_factory=dict)
    _stopping: bool = False

    def run(self) -> int:
        """Start everything, keep it running, stop it on a signal; return the exit code."""
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, self._on_signal)
        try:
            self._start_servers()
            for program in self.plan.before:
                self._run_once(program)
            for program in self.plan.programs:
                self._add(program)
            if self.plan.ready_url:
                threading.Thread(target=self._watch_ready, daemon=True).start()
            else:
                self._events.put(("ready", None))
            self._loop()
        except Stopped:
            self.output.say("Stopping.")
            return 0
        except MunshiError as error:
            self.output.say(str(error), style="bold red")
            return 1
        finally:
            self._stopping = True
            self._stop()
        return 0

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if not self._stopping:
            self._stopping = True
            raise Stopped

    # ---- starting ------------------------------------------------------------------------------
    def _start_servers(self) -> None:
        servers: list[tuple[str, PostgresServer | RedisServer | None]] = [
            ("postgres", self.servers.postgres),
            ("redis", self.servers.redis),
        ]
        for name, server in servers:
            if server is not None:
                server.output = self.output.pipe(name, hush=name == "redis")
        try:
            self.servers.start()
        except MunshiError:
            self.output.last_words("redis")
            raise
        for name, server in servers:
            if server is not None:
                assert server.process is not None
                child = _Child(name, _starting(server), server.process, time.monotonic())
                self._children[name] = child
                self._wait_for(child)
        self._record()

    def _run_once(self, program: Program) -> None:
        process = spawn(
            [sys.executable, "-m", program.module, *program.arguments],
            env=self._environment(),
            output=self.output.pipe(program.name),
        )
        if process.wait() != 0:
            raise MunshiError(
                "supervisor.step_failed",
                f"{program.name} ended with code {process.returncode}; its words are above.",
            )

    def _add(self, program: Program) -> None:
        pipe: IO[bytes] = self.output.pipe(program.name)
        command = [sys.executable, "-m", program.module, *program.arguments]

        def start() -> subprocess.Popen[bytes]:
            return spawn(command, env=self._environment(), output=pipe)

        child = self._children[program.name] = _Child(program.name, start)
        if program.first:
            self._start(child)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONUNBUFFERED": "1", **self.plan.environment}

    def _start(self, child: _Child) -> None:
        self._pauses.pop(child.name, None)
        try:
            child.process = child.start()
        except MunshiError as error:
            self.output.say(str(error), style="bold red")
            self._pause(child)
            return
        child.since = time.monotonic()
        self._wait_for(child)
        self._record()

    def _wait_for(self, child: _Child) -> None:
        process = child.process
        assert process is not None

        def wait() -> None:
            process.wait()
            self._events.put(("ended", (child.name, process.pid)))

        threading.Thread(target=wait, daemon=True).start()

    def _record(self) -> None:
        children = []
        for child in self._children.values():
            if child.process is not None and (born := started_at(child.process.pid)) is not None:
                children.append((child.process.pid, born))
        self.home.record(
            Running(
                pid=os.getpid(),
                database_url=self.servers.database_url,
                admin_database_url=self.servers.admin_database_url,
                redis_url=self.servers.redis_url,
                sockets=str(self.servers.sockets),
                children=children,
            )
        )

    def _watch_ready(self) -> None:
        deadline = time.monotonic() + _READY_WITHIN
        while time.monotonic() < deadline:
            if _answers(self.plan.ready_url):
                self._events.put(("ready", None))
                return
            time.sleep(0.1)
        self._events.put(("late", None))

    # ---- keeping it running --------------------------------------------------------------------
    def _loop(self) -> None:
        while True:
            due = min(self._pauses.values(), default=time.monotonic() + 3600.0)
            try:
                what, about = self._events.get(timeout=max(0.0, due - time.monotonic()))
            except queue.Empty:
                for name in [n for n, at in self._pauses.items() if at <= time.monotonic()]:
                    self._start(self._children[name])
                continue
            match what, about:
                case "ended", (str(name), int(pid)):
                    self._fell(self._children[name], pid)
                case (("ready" | "late"), _):
                    for child in self._children.values():
                        if child.process is None and child.name not in self._pauses:
                            self._start(child)
                    if what == "late":
                        self.output.say(f"{self.plan.ready_url} does not answer yet.", style="bold red")
                    elif self.plan.greeting:
                        self.output.say(self.plan.greeting, style="bold green")

    def _fell(self, child: _Child, pid: int) -> None:
        process = child.process
        if process is None or process.pid != pid:
            return
        self.output.last_words(child.name)
        self.output.say(f"{child.name} ended: {_how(process.returncode)}.", style="bold red")
        child.falls = 0 if time.monotonic() - child.since > _HEALTHY_AFTER else child.falls
        child.process = None
        self._pause(child)

    def _pause(self, child: _Child) -> None:
        child.falls += 1
        pause = min(_LONGEST_PAUSE, 2.0 ** (child.falls - 1))
        self._pauses[child.name] = time.monotonic() + pause
        self.output.say(f"{child.name} starts again in {pause:.0f} s.")

    # ---- stopping ------------------------------------------------------------------------------
    def _stop(self) -> None:
        """Programs first, newest first, together within their grace; then Redis, then PostgreSQL."""
        servers = ("postgres", "redis")
        running = [
            (child.name, child.process)
            for child in reversed(self._children.values())
            if child.name not in servers and child.process is not None
        ]
        for _, process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _GRACE
        for name, process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.output.say(f"{name} did not stop within {_GRACE:.0f} s and was killed.")
                process.kill()
                process.wait()
        self.servers.stop()


def _starting(server: PostgresServer | RedisServer) -> Callable[[], subprocess.Popen[bytes]]:
    def start() -> subprocess.Popen[bytes]:
        server.start()
        assert server.process is not None
        return server.process

    return start


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2.0) as answer:  # noqa: S310  our own http address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
