"""An answer of Tally's taken apart at its records, so that each post stays below what the webhook takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from connectors.tally.markup import clean_text, read_records
from kit.errors import Rejected, Retryable

LIMIT = 3_000_000
"""Bytes of records in one post; the webhook takes 4 MiB."""
Kind = Literal["VOUCHER", "LEDGER"]
_HEAD, _TAIL = "<ENVELOPE><BODY><DATA><COLLECTION>\n", "\n</COLLECTION></DATA></BODY></ENVELOPE>"


@dataclass(frozen=True, slots=True)
class Answer:
    """The records of a collection, each as Tally wrote it but for what XML forbids."""

    kind: Kind
    records: tuple[str, ...]

    def bodies(self, limit: int = LIMIT) -> list[Answer]:
        """Return it in parts of at most `limit` bytes; a record that is larger stands alone."""
        made: list[Answer] = []
        held: list[str] = []
        size = 0
        for record in self.records:
            weight = len(record.encode())
            if held and size + weight > limit:
                made.append(Answer(self.kind, tuple(held)))
                held, size = [], 0
            held.append(record)
            size += weight
        if held:
            made.append(Answer(self.kind, tuple(held)))
        return made

    def halves(self) -> Sequence[Answer]:
        """Return its two halves; nothing for a single record."""
        if len(self.records) < 2:
            return ()
        middle = len(self.records) // 2
        return (Answer(self.kind, self.records[:middle]), Answer(self.kind, self.records[middle:]))

    def xml(self) -> bytes:
        """Return it as a collection again."""
        return (_HEAD + "\n".join(self.records) + _TAIL).encode()


def take_apart(body: bytes, kind: Kind) -> Answer:
    """Return the records of an answer; Retryable if it was cut short, or they can't be told apart."""
    text = "".join(clean_text(body))
    begin, end = text.find("<COLLECTION"), text.rfind("</COLLECTION>")
    found = re.findall(rf"<{kind}[\s>].*?</{kind}>", text[begin:end] if 0 <= begin < end else "", re.DOTALL)
    try:
        counted = sum(node.name == kind for node in read_records(body))
    except Rejected as error:
        raise Retryable("tally.hung_up", f"Tally broke off its answer. {error.message}") from None
    if counted != len(found):
        raise Retryable(
            "tally.answer", f"Tally's answer can't be taken apart: {counted} or {len(found)} records."
        )
    return Answer(kind, tuple(found))
