"""`munshi quarantine`: what could not be read, how it differs, and setting it aside; and the sweep notes what is new."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connectors.contract import Inbound
from ingest.door import Appender
from ingest.files import import_file
from ingest.sources import Sources
from kit.sealing import Seal, new_seal_key
from tests.connectors.casebook import case
from tests.workers.test_cli import Munshi, complaint, munshi, result  # noqa: F401  a fixture
from workers.drainer import sweep

STATEMENT = b"Tag,Text,Betrag,Saldo\n18/11/2026,NEFT SHARMA,100.00,100.00\n"


def test_what_a_file_left_is_listed_shown_and_set_aside(munshi: Munshi, tmp_path: Path) -> None:  # noqa: F811
    munshi("business", "add", "Sharma Services")
    munshi("source", "add", "bank:icici")
    nothing = result(munshi("quarantine", "list", "--json"))
    assert nothing == {"open": 0, "parts": [], "more": False}
    assert "Everything could be read" in munshi("quarantine", "list").stdout
    (tmp_path / "statement.csv").write_bytes(STATEMENT)
    munshi("import", "statement.csv", "--source", "bank:icici")

    listed = result(munshi("quarantine", "list", "--json"))
    (part,) = listed["parts"]
    assert (listed["open"], part["source"], part["place"]) == (1, "bank:icici", "")
    assert part["filename"] == "statement.csv"
    assert part["id"] in munshi("quarantine", "list").stdout
    shown = munshi("quarantine", "show", part["id"]).stdout
    assert "statement.csv" in shown
    assert part["code"] in shown

    assert result(munshi("quarantine", "set-aside", part["id"], "--note", "a German one", "--json")) == {
        "parts": 1
    }
    assert result(munshi("quarantine", "list", "--json"))["open"] == 0
    (settled,) = result(munshi("quarantine", "list", "--status", "all", "--json"))["parts"]
    assert settled["resolution"] == "set_aside"
    assert "Settled: set aside" in munshi("quarantine", "show", part["id"]).stdout
    assert result(munshi("audit", "verify", "--json"))["holds"]


def test_what_is_meant_must_be_said(munshi: Munshi) -> None:  # noqa: F811
    munshi("business", "add", "Sharma Services")
    for arguments, code, status in (
        (("set-aside", "--json"), "quarantine.which", 2),
        (("set-aside", "7", "--json"), "quarantine.id", 2),
        (("list", "--status", "lost", "--json"), "quarantine.status", 2),
        (("show", "00000000-0000-0000-0000-000000000007", "--json"), "quarantine.not_found", 4),
    ):
        done = munshi("quarantine", *arguments)
        assert (complaint(done)["code"], done.returncode) == (code, status)
    assert result(munshi("quarantine", "set-aside", "--source", "bank:icici", "--json")) == {"parts": 0}


def test_a_difference_is_told_line_by_line() -> None:
    from workers.cli_quarantine import difference_in_words

    assert difference_in_words(None) == []
    assert difference_in_words(
        {
            "event": "payment.shiny", "unknown": True, "missing": ["a.b"], "new": ["a.c"],
            "retyped": [{"path": "a.d", "was": "text", "now": "integer"}], "more": 3,
        }
    ) == [
        "It calls itself payment.shiny, which is not known.",
        "missing  a.b",
        "new      a.c",
        "changed  a.d: was text, is integer",
        "… and 3 more",
    ]  # fmt: skip


async def test_the_sweep_notes_members_that_are_new(
    door: Any, engine: Any, business: Any, owner: Any
) -> None:
    from ledger.commands import AddSource
    from ledger.queries import Sources as AskSources

    await door.execute(AddSource("payment:razorpay", "razorpay", "Razorpay", {}), owner)
    source = await Sources(engine, seal=lambda: Seal(new_seal_key())).by_name(business, "payment:razorpay")
    body = json.loads(case("razorpay", "payment_captured").inbound.body)
    body["payload"]["payment"]["entity"]["tip"] = 100
    inbound = Inbound(json.dumps(body).encode())
    await import_file(Appender(engine), source, inbound, via="webhook", now=door.clock())
    await sweep(door, business)
    (seen,) = await door.query(AskSources(), owner)
    assert [member.path for member in seen.new_members] == ["payload.payment.entity.tip"]


def test_new_members_are_listed(munshi: Munshi) -> None:  # noqa: F811
    munshi("business", "add", "Sharma Services")
    munshi("source", "add", "bank:icici")
    assert result(munshi("quarantine", "new", "--json")) == []
    assert "Nothing is new" in munshi("quarantine", "new").stdout
