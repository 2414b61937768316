"""The public statement samples: each ingests, or is refused, exactly as the committed table says."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Inbound, load_connector
from kit.errors import Rejected
from ledger.domain.checks import check_event

REPOSITORY = Path(__file__).parents[2]
SAMPLES = REPOSITORY.parent / "shared" / "vendors" / "samples"
OUTCOMES: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("outcomes_bank.json").read_text("utf-8")
)
NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the shared vendor samples are not beside this tree"
)


def outcome(path: Path) -> dict[str, Any]:
    try:
        observed = load_connector("bank").observe(
            Inbound(path.read_bytes()), source="bank:sample", settings={}, now=NOW
        )
    except Rejected as refused:
        return {"outcome": refused.code, "reason": refused.message}
    for seen in observed.observations:
        assert seen.event_type is not None
        check_event(seen.event_type, seen.data)
    return {
        "outcome": "read",
        "layout": observed.facts["layout"],
        "rows": len(observed.observations),
        "unreadable": len(observed.unreadable),
        "proven": observed.facts["proven"],
        "opening": observed.facts["opening"],
        "closing": observed.facts["closing"],
    }


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_sample_reads_as_the_table_says(name: str) -> None:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"{name} is not among the samples here")
    assert outcome(path) == OUTCOMES[name]


def test_no_sample_is_left_out_of_the_table() -> None:
    here = {f"bank_india/{path.name}" for path in (SAMPLES / "bank_india").iterdir() if path.is_file()}
    assert here <= OUTCOMES.keys()


def test_the_same_transactions_as_csv_and_as_workbook_are_the_same_rows() -> None:
    folder = SAMPLES / "bank_india"

    def ids(name: str) -> list[str]:
        observed = load_connector("bank").observe(
            Inbound((folder / name).read_bytes()), source="bank:sample", settings={}, now=NOW
        )
        return [seen.event_id for seen in observed.observations]

    assert ids("cashlens_hdfc.csv") == ids("cashlens_hdfc.xlsx")
