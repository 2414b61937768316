"""Form 26AS as TRACES gives it, or a table of certificates: bytes → what was deducted and paid in for us; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from typing import Any

from connectors.contract import Inbound, Observed
from connectors.form_26as.entries import PAN, observations
from connectors.form_26as.table import read_table
from connectors.form_26as.traces import Statement, looks_like_it, read_statement
from connectors.values import zone_of
from kit.errors import Rejected
from kit.tabular import read_book
from kit.tabular.delimited import decode

TEXT, TABLE = "26as-text-1", "tds-table-1"


class Form26AS:
    """The connector: a file is brought by a member, so there is nothing to verify."""

    def verify(self, inbound: Inbound, *, secrets: Sequence[str], now: datetime) -> None:
        """Accept: files carry no signature; who may bring one is the door's business."""

    def observe(
        self,
        inbound: Inbound,
        *,
        source: str,  # noqa: ARG002  rows are named by deductor, section and day, the same under any source
        settings: Mapping[str, Any],
        now: datetime,
    ) -> Observed:
        """Read the file; Rejected if it is neither of the layouts, or another firm's."""
        version, found = _statement(inbound.body)
        _check_owner(found, settings)
        seen_at = now
        if found.created_on is not None:
            made = datetime.combine(found.created_on, time(), zone_of(settings)).astimezone(UTC)
            seen_at = min(made, now)
        stated, unmatched, ignored = observations(found.entries, seen_at)
        if not stated and (found.unreadable or unmatched):
            first = (*found.unreadable, *unmatched)[0]
            raise Rejected("26as.unreadable", f"None of its rows can be read. {first.where}: {first.reason}")
        return Observed(
            version=version,
            observations=stated,
            unreadable=[*found.unreadable, *unmatched],
            ignored=[*found.ignored, *ignored],
            facts=_facts(found, [seen.data for seen in stated]),
        )


connector = Form26AS()


def _statement(body: bytes) -> tuple[str, Statement]:
    if not body.startswith((b"PK", b"\xd0\xcf\x11\xe0", b"%PDF")):
        text = decode(body)
        if looks_like_it(text):
            return TEXT, read_statement(text)
    return TABLE, read_table(read_book(body))


def _check_owner(found: Statement, settings: Mapping[str, Any]) -> None:
    ours = str(settings.get("pan") or "").upper()
    if ours and PAN.fullmatch(found.pan) and found.pan != ours:
        raise Rejected(
            "26as.other_pan",
            f"It is the statement of the PAN {found.pan}, this source is of {ours[:10]}.",
            remedy="Give each PAN a source of its own: tax:form_26as-2.",
        )


def _facts(found: Statement, stated: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    facts: dict[str, Any] = {"rows": len(stated), "deductors": found.deductors}
    quarters = Counter(data["quarter"] for data in stated)
    if quarters:
        facts["by_quarter"] = dict(sorted(quarters.items()))
    if found.year:
        facts["financial_year"] = found.year[:20]
    if found.created_on is not None:
        facts["made_on"] = f"{found.created_on:%d %b %Y}"
    if found.warnings:
        facts["warnings"] = found.warnings[:20]
    return facts
