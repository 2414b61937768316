"""No sample is left out: each file stands in a table of outcomes, or it is said why it doesn't."""

from __future__ import annotations

import json
from pathlib import Path

TABLES = Path(__file__).parent
ELSEWHERE = {
    "MANIFEST.md": "says where the samples came from",
    "vectors.json": "signatures: test_vectors.py and the connectors' own",
    "standard-webhooks": "test_standard_samples.py names each",
    "telegram": "no source: the chat's own updates, tests/bot",
    "whatsapp": "no source: a chat that Munshi doesn't speak yet",
}


def told() -> set[str]:
    """Every file that a table names, by whatever part of its path."""
    return {name for table in TABLES.glob("outcomes_*.json") for name in json.loads(table.read_text("utf-8"))}


def test_every_sample_stands_in_a_table(samples: Path):
    known, missing = told(), []
    for path in sorted(path for path in samples.rglob("*") if path.is_file()):
        parts = path.relative_to(samples).parts
        tails = {"/".join(parts[at:]) for at in range(len(parts))}
        described = path.name.startswith(
            "openapi_books_"
        )  # the API itself: test_zoho_samples.py reads its fields
        if parts[0] not in ELSEWHERE and not described and not tails & known:
            missing.append("/".join(parts))
    assert missing == []
