"""`munshi tie-out` and `munshi close-period`, as a person and as a program use them."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from tests.workers.test_cli import Munshi, complaint, munshi, result  # noqa: F401  a fixture

SHARMA = {"name": "=Sharma Traders"}


def test_books_are_laid_beside_ours_written_out_and_signed(munshi: Munshi, tmp_path: Path) -> None:  # noqa: F811
    munshi("business", "add", "Sharma Services")
    assert "nothing to compare with" in munshi("tie-out").stdout
    munshi("source", "add", "standard:erp")
    day = (datetime.now(UTC) - timedelta(days=20)).date().isoformat()
    events = [
        {"type": "invoice.issued", "timestamp": f"{day}T09:00:00+05:30",
         "data": {"id": "i1", "number": "INV-1", "party": SHARMA, "issued_on": day, "amount": 118_000_00, "currency": "INR"}},
        {"type": "balance.stated", "timestamp": f"{day}T19:00:00+05:30",
         "data": {"id": "b1", "party": SHARMA, "as_on": day, "amount": 119_500_50, "currency": "INR"}},
    ]  # fmt: skip
    (tmp_path / "events.json").write_bytes(orjson.dumps({"events": events}))
    told = munshi("import", "events.json", "--source", "standard:erp")
    assert told.returncode == 0, told.stderr
    munshi("rebuild", "--apply")  # no worker runs beside this test

    said = munshi("tie-out").stdout
    assert "debtors: ours ₹1,18,000, books ₹1,19,500.50" in said
    assert "1 of 1 don't tie" in said
    assert "not explained ₹1,500.50" in said
    found = result(munshi("tie-out", "--json", "--party", "=Sharma Traders"))
    assert (found["ties"], found["rows"][0]["ours"], found["written"]) == (False, 118_000_00, None)
    assert result(munshi("tie-out", "--csv", "out.csv", "--json"))["written"] == 2
    with (tmp_path / "out.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [(r["party"], r["difference"], r["what"], r["entry difference"]) for r in rows] == [
        ("'=Sharma Traders", "1500.50", "", ""),
        ("'=Sharma Traders", "", "not explained", "1500.50"),
    ]

    closed = result(munshi("close-period", day, "--note", "GST return filed", "--json"))
    assert (closed["until"], closed["receivable"], closed["closed_by"]) == (
        day,
        118_000_00,
        "system:command line",
    )
    assert "as signed" in munshi("tie-out", "--as-on", day).stdout
    for arguments, code, status in (
        (("close-period", day, "--note", "again", "--json"), "period.closed", 5),
        (("close-period", "2999-01-01", "--note", "x", "--json"), "period.not_over", 2),
        (("tie-out", "--as-on", "yesterday", "--json"), "tie_out.day", 2),
        (("tie-out", "--party", "Nobody at all", "--json"), "party.not_found", 4),
    ):
        done = munshi(*arguments)
        assert (complaint(done)["code"], done.returncode) == (code, status)
