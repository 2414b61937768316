"""Keys of identities are looked up, never searched for: row-level security sees to it that a careless comparison reads
every key of the business, once for each row that it is compared with."""

from __future__ import annotations

import re
from pathlib import Path

import ledger

PUT_TOGETHER = re.compile(r"\.key\s*(?:=|IN\s*\()\s*'(?!chat:)[a-z]+:'\s*\|\|")
"""A key that is put together where it is compared: `||` isn't leakproof, so that it can't be an index's condition.
The directory of chats has no row-level security."""
LOOKED_UP_OTHERWISE = {"facts_of_books.py"}
"""There the key's identity is known; of its few keys one is looked for."""


def test_no_statement_puts_a_key_together_where_it_is_compared() -> None:
    assert PUT_TOGETHER.search("JOIN identity_keys k ON k.key = 'sub:' || c.subject")
    assert PUT_TOGETHER.search("AND o.key IN ('sub:' || c.subject, 'sub:' || r.anchor)")
    careless = {
        path.name
        for path in Path(ledger.__file__).parent.rglob("*.py")
        if PUT_TOGETHER.search(path.read_text())
    }
    assert careless == LOOKED_UP_OTHERWISE
