"""`munshi parties quality` and `munshi parties groups`, as a person and as a program use them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import orjson

from tests.workers.test_cli import Munshi, munshi, result  # noqa: F401  a fixture


def test_what_is_missing_and_ledgers_of_one_pan(munshi: Munshi, tmp_path: Path) -> None:  # noqa: F811
    munshi("business", "add", "Sharma Services")
    assert "Nothing is missing." in munshi("parties", "quality").stdout
    assert "No two ledgers" in munshi("parties", "groups").stdout
    munshi("source", "add", "standard:erp")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    events = [
        {"type": "party.upserted", "timestamp": now, "data": {"id": "a", "name": "Om Mumbai", "gstin": "27AAPFU0939F1Z"}},
        {"type": "party.upserted", "timestamp": now, "data": {"id": "b", "name": "Om Pune", "pan": "AAPFU0939F"}},
        {"type": "party.upserted", "timestamp": now, "data": {"id": "c", "name": "Om Delhi", "pan": "AAPFU0939F"}},
    ]  # fmt: skip
    (tmp_path / "events.json").write_bytes(orjson.dumps({"events": events}))
    told = munshi("import", "events.json", "--source", "standard:erp")
    assert told.returncode == 0, told.stderr
    munshi("rebuild", "--apply")  # no worker runs beside this test
    assert "it has 14 characters, not 15" in " ".join(munshi("parties", "quality").stdout.split())
    found = result(munshi("parties", "quality", "--json"))
    assert (found["count"], found["parties"], found["counts"]["no_phone"]) == (3, 3, 3)
    groups = result(munshi("parties", "groups", "--json"))
    assert [len(group["members"]) for group in groups["groups"]] == [2]
    assert "AAPFU0939F" in munshi("parties", "groups").stdout
