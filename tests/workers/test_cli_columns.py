"""A bank nobody knows: its file waits, the owner confirms the columns once, and it is read; so is the next one."""

from __future__ import annotations

import json
from pathlib import Path

from tests.connectors.bank_layouts import OPENING, STORY, as_csv, plain, with_balances
from tests.workers.test_cli import Munshi, munshi, result

__all__ = ["munshi"]
HEADING = ["Txn Day", "What for", "Slip", "Money out", "Money in", "Left"]


def statement(path: Path, *, heading: list[str] | None = None, count: int = len(STORY)) -> str:
    rows = [heading or HEADING]
    for txn, balance in with_balances(STORY[:count], OPENING):
        sides = [plain(-txn.amount), ""] if txn.amount < 0 else ["", plain(txn.amount)]
        rows.append([f"{txn.posted_on:%d/%m/%Y}", txn.narration, txn.reference, *sides, plain(balance)])
    path.write_bytes(as_csv(rows))
    return str(path)


def firm(munshi: Munshi) -> None:
    munshi("business", "add", "Kaveri Services", "--owner", "Ramesh")
    munshi("source", "add", "bank:kaveri", "--connector", "bank", "--set", "account=000000004421")


def test_an_unknown_table_waits_is_confirmed_and_read(munshi: Munshi, tmp_path: Path) -> None:
    firm(munshi)
    file = statement(tmp_path / "kaveri.csv")
    first = munshi("import", file, "--source", "bank:kaveri", "--json")
    assert first.returncode == 2
    (part,) = json.loads(first.stdout)["unreadable"]
    assert part["code"] == "bank.columns_unknown"
    shown = result(munshi("source", "columns", "bank:kaveri", "--json"))
    assert shown["columns"] == {
        "date": 1,
        "debit": 4,
        "credit": 5,
        "balance": 6,
        "narration": 2,
        "reference": 3,
    }
    assert (shown["proved_by_balance"], shown["confirmed"], shown["added"]) == (True, False, 0)
    assert json.loads(munshi("import", file, "--source", "bank:kaveri", "--json").stdout)["added"] == 0

    confirmed = result(munshi("source", "columns", "bank:kaveri", "--yes", "--json"))
    assert (confirmed["confirmed"], confirmed["added"], confirmed["unreadable"]) == (True, len(STORY), [])
    again = result(munshi("import", file, "--source", "bank:kaveri", "--json"))
    assert (again["added"], again["known"]) == (0, len(STORY))
    assert result(munshi("quarantine", "list", "--json"))["parts"] == []
    none = munshi("source", "columns", "bank:kaveri", "--json")
    assert none.returncode == 4
    assert "columns.none_waiting" in none.stderr


def test_the_same_file_again_after_the_word_is_read_though_its_bytes_are_known(
    munshi: Munshi, tmp_path: Path
) -> None:
    firm(munshi)
    short, whole = statement(tmp_path / "short.csv", count=3), statement(tmp_path / "whole.csv")
    assert munshi("import", short, "--source", "bank:kaveri").returncode == 2
    assert result(munshi("source", "columns", "bank:kaveri", "--yes", "--json"))["added"] == 3
    read = result(munshi("import", whole, "--source", "bank:kaveri", "--json"))
    assert (read["added"], read["known"], read["facts"]["proven"]) == (len(STORY) - 3, 3, True)


def test_the_owners_word_goes_before_the_guess(munshi: Munshi, tmp_path: Path) -> None:
    firm(munshi)
    munshi("import", statement(tmp_path / "a.csv"), "--source", "bank:kaveri")
    wish = ["--set", "reference=", "--set", "narration=Slip", "--set", "date_format=dmy"]
    shown = result(munshi("source", "columns", "bank:kaveri", *wish, "--json"))
    assert shown["columns"]["narration"] == 3
    assert "reference" not in shown["columns"]
    wrong = munshi("source", "columns", "bank:kaveri", "--set", "narration=Nothing", "--yes")
    assert (wrong.returncode, "no column of the file" in wrong.stderr) == (2, True)
    missing = munshi("source", "columns", "bank:kaveri", "--set", "date=", "--yes", "--json")
    assert "bank.columns_invalid" in missing.stderr
    text = munshi("source", "columns", "bank:kaveri").stdout
    assert "Money out" in text
    assert "Proved by the balance" in text


def test_of_two_headings_one_must_be_named(munshi: Munshi, tmp_path: Path) -> None:
    firm(munshi)
    other = [*HEADING[:2], "Voucher", *HEADING[3:]]
    munshi("import", statement(tmp_path / "a.csv"), "--source", "bank:kaveri")
    munshi("import", statement(tmp_path / "b.csv", heading=other), "--source", "bank:kaveri")
    which = munshi("source", "columns", "bank:kaveri")
    assert (which.returncode, "2 different headings" in which.stderr) == (2, True)
    name = which.stderr.split()[-1].rstrip(".")
    assert result(munshi("source", "columns", "bank:kaveri", "--fingerprint", name, "--yes", "--json"))[
        "added"
    ] == len(STORY)
