"""The public statement samples of every format: each ingests, or is refused, exactly as the committed tables say.

The machine writes the tables (MUNSHI_WRITE_GOLDEN=new or overwrite); a person reads them.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Inbound, load_connector
from kit.errors import Rejected
from ledger.domain.checks import check_event

REPOSITORY = Path(__file__).parents[2]
SAMPLES = REPOSITORY.parent / "shared" / "vendors" / "samples"
FOLDERS = {
    "bank_india": "outcomes_bank.json",
    "mt940": "outcomes_bank_mt940.json",
    "camt053": "outcomes_bank_camt053.json",
    "ofx": "outcomes_bank_ofx.json",
    "csv_generic": "outcomes_bank_csv_generic.json",
}
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
    unreadable = [[part.where, part.code, part.reason] for part in observed.unreadable]
    if "layout" not in observed.facts:
        return {"outcome": "quarantined", "unreadable": unreadable}
    told = {
        "outcome": "read",
        "layout": observed.facts["layout"],
        "rows": len(observed.observations),
        "unreadable": len(unreadable),
        "proven": observed.facts["proven"],
        "opening": observed.facts["opening"],
        "closing": observed.facts["closing"],
    }
    if path.parent.name != "bank_india":
        told |= {
            "unreadable": unreadable,
            "currency": observed.facts.get("currency", "INR"),
            "covers": [str(observed.facts["covered_from"]), str(observed.facts["covered_until"])],
            "amounts": [
                seen.data["amount"] * (1 if seen.event_type == "bank.credited" else -1)
                for seen in observed.observations
            ],
            "ignored": list(observed.ignored),
            "warnings": observed.facts.get("warnings", []),
        }
    return told


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_sample_reads_as_its_table_says(folder: str) -> None:
    table = Path(__file__).with_name(FOLDERS[folder])
    found = {
        f"{folder}/{path.name}": outcome(path)
        for path in sorted((SAMPLES / folder).iterdir())
        if path.is_file()
    }
    wish = os.environ.get("MUNSHI_WRITE_GOLDEN", "")
    if wish == "overwrite" or (wish == "new" and not table.exists()):
        table.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    assert found == json.loads(table.read_text("utf-8"))


def test_the_same_transactions_as_csv_and_as_workbook_are_the_same_rows() -> None:
    folder = SAMPLES / "bank_india"

    def ids(name: str) -> list[str]:
        observed = load_connector("bank").observe(
            Inbound((folder / name).read_bytes()), source="bank:sample", settings={}, now=NOW
        )
        return [seen.event_id for seen in observed.observations]

    assert ids("cashlens_hdfc.csv") == ids("cashlens_hdfc.xlsx")
