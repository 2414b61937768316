"""The exported trail verifies by the documented program alone, and not when anything in it was touched."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

import ledger
from kit.database import transaction
from ledger.audit_export.asking import begin
from ledger.audit_export.json_lines import json_lines
from ledger.commands import AddMember
from ledger.commands.people import ChangeMember
from ledger.dispatch import Door
from ledger.domain.roles import Actor
from ledger.store.audit import Entry, append_audit, entry_hash
from tests.conftest import SettableClock

DOCUMENT = Path(ledger.__file__).parent / "audit_format.md"
PROGRAM = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
ODD = {
    "वजह": "हाँ “₹5”",
    "tab": 'a\tb\n"c"\\ \u2028\u001f\x7f/',
    "n": [0, -1, 2**62, True, None, {}],
    "z": {"b": 1, "a": []},
}
Body = list[dict[str, Any]]


@dataclass(slots=True)
class Export:
    """An exported file, and the program beside it."""

    folder: Path
    lines: list[bytes]

    def verify(self, lines: list[bytes] | None = None, *head: str) -> subprocess.CompletedProcess[str]:
        """Run the program of the document in an interpreter without our packages."""
        file, program = self.folder / "audit.jsonl", self.folder / "verify.py"
        file.write_bytes(b"".join(lines if lines is not None else self.lines))
        program.write_text(PROGRAM[0], "utf-8")
        return subprocess.run(
            [sys.executable, "-I", "-S", str(program), str(file), *head],
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
async def export(
    door: Door, engine: AsyncEngine, owner: Actor, clock: SettableClock, tmp_path: Path
) -> Export:
    for day in range(3):
        made = await door.execute(AddMember(f"Meena {day}", "finance"), owner)
        await door.execute(ChangeMember(made, name=f"मीना {day}"), owner)
        async with transaction(engine, [owner.business_id]) as tx:
            odd = Entry("system:test", "odd", None, {**ODD, "ratio": 0.1, "day": date(2026, 11, 20)})
            await append_audit(tx, owner.business_id, [odd], at=clock.now)
        clock.advance(days=1)
    return Export(tmp_path, await _export(door, owner))


async def _export(door: Door, owner: Actor, *days: date) -> list[bytes]:
    span = await begin(door, owner, "jsonl", *(days or (None, None)))
    pieces = [piece async for _, piece in json_lines(door, owner, span)]
    return b"".join(pieces).splitlines(keepends=True)


async def test_the_program_is_short_and_needs_nothing(export: Export) -> None:
    (program,) = PROGRAM
    assert len(program.splitlines()) <= 50
    assert set(re.findall(r"^import (.+)$", program, re.MULTILINE)) == {"hashlib, json, re, sys"}


async def test_what_we_export_holds_and_its_head_is_compared(export: Export) -> None:
    head, *entries = map(orjson.loads, export.lines)
    assert (head["first"], head["last"], head["entries"]) == (1, len(entries), len(entries))
    done = export.verify()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"All {len(entries)} entries hold. Head of entry {len(entries)}: {head['head']}\n"
    digits = entries[4]["hash"][:16]
    assert export.verify(None, "5", digits[:4], digits[4:8], digits[8:]).returncode == 0
    as_told = " ".join(digits[at : at + 4] for at in range(0, 16, 4)).upper()
    assert export.verify(None, "5", as_told).returncode == 0  # the four groups as one word
    assert "another head" in export.verify(None, "6", digits).stderr
    assert "isn't in this file" in export.verify(None, "99", digits).stderr


async def test_a_period_is_a_piece_of_the_chain(export: Export, door: Door, owner: Actor) -> None:
    part = await _export(door, owner, date(2026, 11, 21), date(2026, 11, 21))
    head, *entries = map(orjson.loads, part)
    assert [entry["action"] for entry in entries] == ["member.added", "member.changed", "odd"]
    assert head["previous"] == orjson.loads(export.lines[head["first"] - 1])["hash"]
    assert export.verify(part).returncode == 0
    empty = await _export(door, owner, date(2020, 1, 1), date(2020, 1, 2))
    assert (len(empty), export.verify(empty).returncode) == (1, 0)


def _rehash(body: Body, at: int) -> None:
    """Make an entry's own hash right again, as somebody does who knows the format."""
    entry = body[at]
    said = {name: entry[name] for name in ("actor", "action", "subject", "entry", "sequence")}
    previous = body[at - 1].get("hash") or body[0]["previous"]
    entry["hash"] = entry_hash(bytes.fromhex(previous), at=datetime.fromisoformat(entry["at"]), **said).hex()


def _one_word(body: Body) -> None:
    words = next(line["words"] for line in body[1:] if "words" in line)
    next(iter(words.values()))["text"] += "!"


TAMPERED: dict[str, Callable[[Body], Any]] = {
    "an actor": lambda body: body[3].update(actor="member:x"),
    "a time": lambda body: body[3].update(at=body[3]["at"].replace("03:30", "03:31")),
    "a time written otherwise": lambda body: body[3].update(at=body[3]["at"].replace("+00:00", "Z")),
    "a number in the entry": lambda body: body[3]["entry"]["n"].__setitem__(1, -2),
    "a letter": lambda body: body[3]["entry"].update(वजह="ना"),
    "a member more": lambda body: body[3].update(note="x"),
    "a member less": lambda body: body[3].pop("subject"),
    "an entry removed": lambda body: body.pop(4),
    "the first removed": lambda body: body.pop(1),
    "the last removed": lambda body: body.pop(),
    "two exchanged": lambda body: body.__setitem__(slice(4, 6), body[5:3:-1]),
    "one put in twice": lambda body: body.insert(4, dict(body[4])),
    "rehashed alone": lambda body: (body[4].update(actor="member:x"), _rehash(body, 4)),
    "rehashed to the end": lambda body: (
        body[4].update(actor="member:x"),
        [_rehash(body, at) for at in range(4, len(body))],
    ),
    "words of a person": _one_word,
    "words that nobody said": lambda body: body[3].update(words={"x": {"salt": "00", "text": "x"}}),
    "another beginning": lambda body: body[0].update(previous="ff" * 32),
    "another end": lambda body: body[0].update(head="ff" * 32),
    "a fraction": lambda body: body[3]["entry"].update(n=1.5),
}  # fmt: skip


async def test_whatever_was_touched_is_found(export: Export) -> None:
    for what, tamper in TAMPERED.items():
        body = [orjson.loads(line) for line in export.lines]
        tamper(body)
        done = export.verify([orjson.dumps(line) + b"\n" for line in body])
        assert (done.returncode, done.stdout) == (1, ""), what
        assert "Traceback" not in done.stderr, what


async def test_two_members_of_one_name_and_a_cut_line_are_found(export: Export) -> None:
    lines = list(export.lines)
    lines[3] = lines[3].replace(b'{"action"', b'{"actor":"member:x","action"', 1)
    assert "stands twice" in export.verify(lines).stderr
    lines = list(export.lines)
    lines[-1] = lines[-1][:-20]
    assert export.verify(lines).returncode == 1


async def test_what_was_rewritten_to_the_very_end_shows_by_the_head_that_was_told(export: Export) -> None:
    body = [orjson.loads(line) for line in export.lines]
    told = body[-1]["hash"][:16]
    body[4]["actor"] = "member:x"
    for at in range(4, len(body)):
        _rehash(body, at)
    body[0]["head"] = body[-1]["hash"]
    forged = [orjson.dumps(line) + b"\n" for line in body]
    assert export.verify(forged).returncode == 0, "a chain alone can't tell"
    assert "another head" in export.verify(forged, str(len(body) - 1), told).stderr
