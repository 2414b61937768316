"""The service under attack: the api as a process on a lived-in firm, tokens of every role, and what no answer may be."""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
from cryptography.fernet import Fernet
from sqlalchemy.ext.asyncio import AsyncEngine

from graph.codes import codes
from graph.ids import NODE_TYPES, global_id
from kit.database import make_engine, transaction
from kit.ids import uuid7
from ledger.commands import AddBusiness, AddMember
from ledger.commands.tokens import CreateToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from tests.conftest import SettableClock, TestDatabase
from tests.graph.pages_firm import Sample

T = TypeVar("T")
ROLES = ("owner", "finance", "sales", "view")
NOBODY = ("none", "wrong", "expired")
ALL = (*ROLES, "narrow", *NOBODY)
RIVAL = "Zyzzyva Rival & Sons 90210"
DOORS = ("graphql", "v", "p", "c", "export", "files", "attachments", "ingest", "schema")
STATUSES = {200, 400, 401, 403, 404, 405, 413, 415, 422, 429, 431}
TABLES = {
    "Party": "parties", "Invoice": "invoices", "Payable": "payables", "Conflict": "conflicts", "Receipt": "receipts",
    "Member": "members", "BankLine": "bank_lines", "Event": "external_events",
}  # fmt: skip
CODES = frozenset(codes())
_LEAK = re.compile(
    r"Traceback|asyncpg|sqlalchemy|UndefinedTable|SyntaxError|\bSELECT \w|\bINSERT INTO\b|site-packages|\.py\b|row-level|0x[0-9a-f]{8}"
)
_QUIET = ("Invalid HTTP request received.",)
"""What uvicorn says of a request that isn't HTTP."""


class Service:
    """The api's process, its firm, and a count of all that was asked of it."""

    def __init__(self, database: TestDatabase, folder: Path, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.tally: Counter[str] = Counter()
        self.coded: Counter[str] = Counter()
        self.ids: list[str] = []
        self.cursors: list[str] = []
        self._database = database
        self._log = folder / "api.log"
        self._read = 0
        self._tokens: dict[str, str] = {}
        self._key = Fernet.generate_key().decode()
        self._folder = folder
        self._client = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    # ---- the process -----------------------------------------------------------------------------
    def start(self) -> None:
        """Let the firm live, and start the api on it."""
        self._within(self._live)
        kept = {
            name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ
        }
        settings = {
            "DATABASE_URL": self._database.url, "PORT": str(self.port), "MUNSHI_HOME": str(self._folder / "home"),
            "MUNSHI_SECRET_KEY": self._key, "MUNSHI_DOORBELL": "", "GRAPHQL_CALLS_PER_MINUTE": "0",
            "GRAPHQL_COST_PER_MINUTE": "0", "LOG_FORMAT": "json", "TRUSTED_PROXIES": "127.0.0.1",
        }  # fmt: skip
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "graph"], env={**kept, **settings}, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                assert self._client.get("/healthz").status_code == 200
                break
            except httpx.TransportError:
                assert self._process.poll() is None, self._log.read_text()
                assert time.monotonic() < deadline, self._log.read_text()
                time.sleep(0.1)
        self._find_cursors()

    def stop(self) -> None:
        """End it."""
        self._client.close()
        self._process.terminate()
        self._process.wait(20)

    def memory(self) -> int:
        """Return the megabytes that the process holds."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found is not None
        return int(found[1]) // 1024

    def well(self) -> None:
        """Fail if the process died, or said anything of an error since it was asked last."""
        assert self._process.poll() is None, self._log.read_text()[-4000:]
        with self._log.open("rb") as log:
            log.seek(self._read)
            lines = log.read().decode("utf-8", "replace").splitlines()
            self._read = log.tell()
        for line in lines:
            try:
                said = json.loads(line)
            except ValueError:
                raise AssertionError(f"an unhandled line of the log: {line}") from None
            if said.get("level") not in ("debug", "info") and said.get("event") not in _QUIET:
                raise AssertionError(f"the api logged: {json.dumps(said, indent=1)[:6000]}")

    # ---- asking ----------------------------------------------------------------------------------
    def headers(self, role: str) -> dict[str, str]:
        """Return the headers of somebody of a role, who comes from an address of his own."""
        found = {"x-forwarded-for": ".".join(str(byte) for byte in secrets.token_bytes(4))}
        if role == "wrong":
            found["authorization"] = f"Bearer munt_{uuid7().hex}_{'x' * 40}"
        elif role != "none":
            found["authorization"] = f"Bearer {self.token(role)}"
        return found

    def token(self, role: str) -> str:
        """Return a token of a role, minted where there is none."""
        if role not in self._tokens:
            self._within(lambda door: self._mint(door, role))
        return self._tokens[role]

    def ask(self, query: str, variables: Any = None, role: str = "owner", **more: Any) -> dict[str, Any]:
        """POST a document as anybody would; the checked answer. A role whose token was revoked by a mutation gets a new one."""
        body = {"query": query, "variables": variables, **more}
        raw = json.dumps(body).encode()
        answer = self.post(raw, role)
        if role not in NOBODY and answer.status_code == 401:
            self._tokens.clear()
            answer = self.post(raw, role)
            assert answer.status_code != 401, (role, answer.text)
        assert role not in NOBODY or answer.status_code == 401, (role, query, answer.text)
        return checked(answer, query, self.coded)

    def post(self, raw: bytes, role: str = "owner", **headers: str) -> httpx.Response:
        """POST bytes to /graphql."""
        return self.send(
            "POST", "/graphql", role, content=raw, headers={"content-type": "application/json", **headers}
        )

    def send(self, method: str, path: str, role: str = "none", **request: Any) -> httpx.Response:
        """Send any request; nothing is answered with 500 or what no one may see, and everything by its headers."""
        headers = {**self.headers(role), **request.pop("headers", {})}
        answer = self._client.request(method, path, headers=headers, **request)
        door = path.split("/")[1].partition("?")[0]
        self.tally[f"/{door}" if door in DOORS else "elsewhere"] += 1
        assert answer.status_code in {*STATUSES, 204, 303, 302, 307}, (
            path,
            answer.status_code,
            answer.text[:2000],
        )
        assert RIVAL not in answer.text
        if answer.status_code != 400 or answer.headers.get("content-type") != "text/plain; charset=utf-8":
            assert answer.headers.get("x-content-type-options") == "nosniff", (path, answer.headers)
        return answer

    # ---- the firm --------------------------------------------------------------------------------
    def _within(self, work: Callable[[Door], Coroutine[Any, Any, T]]) -> T:
        async def run() -> T:
            engine = make_engine(self._database.url, application="munshi-fuzz")
            try:
                return await work(Door(engine))
            finally:
                await engine.dispose()

        with ThreadPoolExecutor(1) as other:
            return other.submit(asyncio.run, run()).result()

    async def _live(self, door: Door) -> None:
        clerk = system(uuid7(), "test")
        self._clerk = clerk
        await door.execute(AddBusiness(clerk.business_id, "Sharma Services"), clerk)
        first = await door.execute(AddMember("Ramesh", "owner"), clerk)
        owner = Actor(clerk.business_id, Role.OWNER, "Ramesh", member_id=first)
        await Sample(Door(door.engine, clock=SettableClock()), owner).live()
        rival = system(uuid7(), "test")
        await door.execute(AddBusiness(rival.business_id, RIVAL), rival)
        theirs = Actor(
            rival.business_id,
            Role.OWNER,
            RIVAL,
            member_id=await door.execute(AddMember(RIVAL, "owner"), rival),
        )
        other = Sample(Door(door.engine, clock=SettableClock()), theirs)
        await other.teller.tell(other.bill("ZZ-1", {"id": "z", "name": RIVAL}, 90_210, 20))
        for business in (clerk.business_id, rival.business_id):
            self.ids += await _ids(door.engine, business)

    async def _mint(self, door: Door, role: str) -> None:
        member = await door.execute(
            AddMember(role, "finance" if role in ("narrow", "expired") else role, crm_owner="own-1"),
            self._clerk,
        )
        if role == "expired":
            door = Door(door.engine, clock=lambda: datetime.now(UTC) - timedelta(days=200))
        narrow = role == "narrow"
        permissions = ("see_receivables",) if narrow else None
        made = CreateToken(member, role, read_only=narrow, permissions=permissions)
        try:
            self._tokens[role] = await door.execute(made, self._clerk)
        except Exception:
            await self._make_room(door)
            self._tokens[role] = await door.execute(made, self._clerk)

    async def _make_room(self, door: Door) -> None:
        async with transaction(door.engine, [self._clerk.business_id]) as tx:
            await tx.run("UPDATE tokens SET revoked_at = now() WHERE business_id = $1 AND revoked_at IS NULL",
                         self._clerk.business_id)  # fmt: skip
        self._tokens.clear()

    def _find_cursors(self) -> None:
        for field in ("receivables", "parties", "invoices", "audit", "whoOwesMe", "receipts"):
            found = self.ask(f"{{ {field}(first: 1) {{ pageInfo {{ endCursor }} }} }}")
            if cursor := found["data"][field]["pageInfo"]["endCursor"]:
                self.cursors.append(cursor)
        assert len(self.cursors) >= 5


async def _ids(engine: AsyncEngine, business: Any) -> list[str]:
    found = []
    async with transaction(engine, [business]) as tx:
        for kind in NODE_TYPES:
            rows = await tx.fetch(
                f"SELECT id FROM {TABLES.get(kind, 'parties')} WHERE business_id = $1 LIMIT 3", business
            )
            found += [str(global_id(kind, row["id"])) for row in rows] + [str(row["id"]) for row in rows[:1]]
    return found


def checked(answer: httpx.Response, asked: str = "", coded: Counter[str] | None = None) -> dict[str, Any]:
    """Return the body of a GraphQL answer: valid, each error with a code that is published, and nothing of our inside."""
    about = (answer.status_code, asked[:3000], answer.text[:3000])
    body = answer.json()
    assert isinstance(body, dict), about
    assert set(body) <= {"data", "errors", "extensions"}, about
    assert answer.status_code == 200 or body.get("data") is None, about
    errors = body.get("errors", [])
    assert "errors" not in body or errors, about
    assert "data" in body, about
    for error in errors:
        assert isinstance(error["message"], str), about
        code = error["extensions"]["code"]
        assert code in CODES - {"internal"}, (code, *about)
        assert error["extensions"]["kind"], about
        assert not _LEAK.search(error["message"]), about
        if coded is not None:
            coded[code] += 1
    if coded is not None and not errors:
        coded["answered"] += 1
    return body
