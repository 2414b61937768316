"""`munshi audit` on the command line: verified on from a checkpoint, compared with a head, taken away as a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from zipfile import ZipFile

import asyncpg
import orjson

from tests.conftest import TestDatabase
from tests.workers.test_cli import Munshi, complaint, munshi, result  # noqa: F401  fixture


def _tamper(database: TestDatabase, statement: str) -> None:
    async def work() -> None:
        admin = await asyncpg.connect(database.admin_url)
        await admin.execute(statement)
        await admin.close()

    asyncio.run(work())


def test_a_verification_goes_on_where_the_last_ended_unless_told_to_look_at_all(
    munshi: Munshi,  # noqa: F811
    database: TestDatabase,
) -> None:
    munshi("business", "add", "Sharma Services", "--owner", "Ramesh")
    first = result(munshi("audit", "verify", "--json"))
    assert (first["holds"], first["since"], first["entries"]) == (True, 0, first["sequence"])
    munshi("member", "add", "Meena", "--role", "finance")
    second = result(munshi("audit", "verify", "--json"))
    assert second["since"] == first["sequence"]
    assert second["entries"] == second["sequence"] - first["sequence"] > 1
    assert (
        f"entries since entry {second['sequence']}, verified before, hold" in munshi("audit", "verify").stdout
    )
    _tamper(database, "UPDATE audit SET actor = 'member:x' WHERE sequence = 1")
    assert result(munshi("audit", "verify", "--json"))["holds"], "what lies before isn't looked at"
    whole = munshi("audit", "verify", "--full")
    assert (whole.returncode, "Entry 1 is not what was written." in whole.stdout) == (1, True)


def test_a_head_is_compared(munshi: Munshi, database: TestDatabase) -> None:  # noqa: F811
    munshi("business", "add", "Sharma Services", "--owner", "Ramesh")
    told = result(munshi("audit", "verify", "--json"))
    digits = told["head"][:16]
    spoken = " ".join(digits[at : at + 4] for at in range(0, 16, 4))
    assert munshi("audit", "check", spoken, str(told["sequence"])).returncode == 0
    assert munshi("audit", "check", spoken, str(told["sequence"] + 1)).returncode == 1
    assert "no entry 99" in munshi("audit", "check", spoken, "99").stdout
    assert complaint(munshi("audit", "check", "abc", "1", "--json"))["code"] == "audit.head"
    _tamper(database, "UPDATE audit SET hash = sha256(hash) WHERE sequence = 1")
    assert munshi("audit", "check", spoken, str(told["sequence"])).returncode == 1


def test_a_period_is_exported_in_both_forms(munshi: Munshi, tmp_path: Path) -> None:  # noqa: F811
    munshi("business", "add", "Sharma Services", "--owner", "Ramesh")
    made = result(munshi("audit", "export", "out.jsonl", "--json"))
    head, *entries = map(orjson.loads, (tmp_path / "out.jsonl").read_bytes().splitlines())
    assert (made["entries"], made["head"]) == (len(entries), head["head"])
    told = munshi("audit", "export", "out.xlsx", "--since", "2026-01-01")
    assert "entries are in out.xlsx" in told.stdout
    assert "xl/worksheets/sheet9.xml" in ZipFile(tmp_path / "out.xlsx").namelist()
    for arguments, code in (
        (("out.pdf",), "audit.form"),
        (("out.xlsx", "--since", "soon"), "audit.day"),
        (("out.xlsx", "--since", "2026-02-01", "--until", "2026-01-01"), "audit.period"),
    ):
        assert complaint(munshi("audit", "export", *arguments, "--json"))["code"] == code
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["out.jsonl", "out.xlsx"]
