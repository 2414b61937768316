"""The tie-out: after any Tally vouchers, what each party owes in Munshi is what its ledger says in Tally.

The expected side is added up from the raw XML by other means, line by line; ours goes through observe, normalise, fold
and derivation.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import Inbound, load_connector, load_manifest
from connectors.tally.ledgers import key, party_id
from ingest.normalise import normalise, status_map
from ledger.domain.derive import Derived, Identity, Terms, derive
from ledger.domain.events import NewEvent, subject_id
from ledger.domain.folds import Fact, fold
from ledger.domain.keys import party_subject
from tests.connectors import casebook

SOURCE = "books:tally"
NOW = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
DEBTORS = {"Gupta Steel", "Kaveri Hardware", "Lakshmi Mills", "Patel & Co"}
CREDITORS = {"Bharat Rolling", "Om Roadlines", "Patel & Co (Purchase)"}


def events(body: bytes, **setting: Any) -> list[NewEvent]:
    """All events of a body; what is quarantined is not in them."""
    observed = load_connector("tally").observe(
        Inbound(body), source=SOURCE, settings={"company": "Meena Traders", **setting}, now=NOW
    )
    return list(normalise(observed, status_map(load_manifest("tally")), received_at=NOW).events)


def derived(found: Iterable[NewEvent]) -> Derived:
    """Fold and derive, as the drainer does."""
    facts: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for event in found:
        facts[event.kind, event.external_id].append(
            Fact(
                event.event_type, event.data, event.occurred_at, event.precision, event.sequence, event.digest(),
                event.source_event_id, flag=event.flag,
            )
        )  # fmt: skip
    identities = [
        Identity(subject_id(SOURCE, kind, external_id), SOURCE, kind, external_id, state)
        for (kind, external_id), rows in facts.items()
        if (state := fold(rows)) is not None
    ]
    return derive(identities, Terms())


def ours(made: Derived) -> dict[str, int]:
    """Balance by party name: what a customer owes, less what we owe a vendor (paise)."""
    names = {row.id: row.name for row in made.tables["parties"]}  # type: ignore[attr-defined]
    sums: dict[str, int] = defaultdict(int)
    for posting in made.postings:
        sign = 1 if posting.side == "receivable" else -1
        sums[names[posting.party_id]] += sign * posting.amount
    return {name: amount for name, amount in sums.items() if amount}


def tallys(body: bytes, *, guids: set[str]) -> dict[str, int]:
    """Debit less credit of every party's lines in the vouchers of these GUIDs, and its opening balance."""
    sums: dict[str, int] = defaultdict(int)
    root = ET.fromstring(re.sub(r"&#4;", "", body.decode("utf-8")))
    for voucher in root.iter("VOUCHER"):
        if voucher.findtext("GUID") in guids:
            for line in voucher.iter("ALLLEDGERENTRIES.LIST"):
                name = line.findtext("LEDGERNAME") or ""
                if name in DEBTORS | CREDITORS:
                    sums[name] -= int(Decimal(line.findtext("AMOUNT") or "0") * 100)
    for ledger in root.iter("LEDGER"):
        if ledger.attrib["NAME"] in DEBTORS | CREDITORS and ledger.findtext("GUID"):
            sums[ledger.attrib["NAME"]] -= int(Decimal(ledger.findtext("OPENINGBALANCE") or "0") * 100)
    return {name: amount for name, amount in sums.items() if amount}


def test_after_a_years_vouchers_every_partys_balance_is_tallys():
    names = ("list_of_accounts", "sales", "receipts", "purchases_and_payments", "journals")
    bodies = [casebook.case("tally", name).inbound.body for name in names]
    found = [event for body in bodies for event in events(body)]
    read = {event.external_id.partition("#")[0] for event in found}
    expected: dict[str, int] = defaultdict(int)
    for body in bodies:
        for name, amount in tallys(body, guids=read).items():
            expected[name] += amount
    assert len(expected) == len(DEBTORS | CREDITORS)
    assert ours(derived(found)) == expected
    again = [event for body in reversed(bodies) for event in reversed(events(body))]
    assert ours(derived([*again, *found])) == expected


def test_a_party_is_the_same_by_its_master_and_by_its_name_in_vouchers():
    for name in ("Gupta  Steel", "ÉCOLE Stores", "पटेल एण्ड कं"):
        assert subject_id(SOURCE, "party", party_id(name)) == party_subject(SOURCE, {"name": name})
        assert party_id(name) == f"name:{key(name)}"


# ---- any voucher -----------------------------------------------------------------------------------
LEDGERS = {
    "Gupta Steel": "Sundry Debtors", "Kaveri Hardware": "Sundry Debtors", "Bharat Rolling": "Sundry Creditors",
    "HDFC Bank": "Bank Accounts", "Cash": "Cash-in-Hand", "Sales": "Sales Accounts", "TDS": "Loans & Advances (Asset)",
    "Discount": "Indirect Expenses", "IGST": "Duties & Taxes",
}  # fmt: skip
amounts = st.integers(1, 90_000)
bills = st.lists(
    st.tuples(
        st.sampled_from(["B1", "B2", "B3"]), st.sampled_from(["New Ref", "Agst Ref", "Advance", "On Account"])
    ),
    max_size=3,
)


@st.composite
def vouchers(draw: st.DrawFn) -> tuple[str, list[tuple[str, int, list[tuple[str, str, int]]]]]:
    """A balanced voucher of any type, with bill-wise parts that add up to the party's line."""
    lines = []
    for ledger in draw(st.lists(st.sampled_from(sorted(LEDGERS)), min_size=1, max_size=4)):
        amount = draw(amounts) * draw(st.sampled_from([-1, 1]))
        lines.append((ledger, amount))
    off = sum(amount for _, amount in lines)
    if off:
        lines.append((draw(st.sampled_from(sorted(LEDGERS))), -off))
    whole = []
    for ledger, amount in lines:
        parts, left = [], abs(amount)
        ways = draw(bills) if ledger in DEBTORS | CREDITORS else []
        for place, (name, how) in enumerate(ways):
            part = left if place == len(ways) - 1 else draw(st.integers(0, left))
            left -= part
            if part:
                parts.append((name, how, part if amount > 0 else -part))
        whole.append((ledger, amount, parts))
    kind = draw(
        st.sampled_from(["Sales", "Purchase", "Receipt", "Payment", "Journal", "Credit Note", "Debit Note"])
    )
    return kind, whole


def written(number: int, kind: str, lines: list[tuple[str, int, list[tuple[str, str, int]]]]) -> str:
    """One voucher as Tally's port answers it; amounts are credit positive."""
    body = "".join(
        f"<ALLLEDGERENTRIES.LIST><LEDGERNAME>{ledger}</LEDGERNAME>"
        f"<MUNSHIGROUP>{LEDGERS[ledger].replace('&', '&amp;')}</MUNSHIGROUP><AMOUNT>{amount / 100:.2f}</AMOUNT>"
        + "".join(
            f"<BILLALLOCATIONS.LIST><NAME>{name}-{number}</NAME><BILLTYPE>{how}</BILLTYPE>"
            f"<AMOUNT>{part / 100:.2f}</AMOUNT></BILLALLOCATIONS.LIST>"
            for name, how, part in parts
        )
        + "</ALLLEDGERENTRIES.LIST>"
        for ledger, amount, parts in lines
    )
    return (
        f"<VOUCHER><GUID>g-{number}</GUID><DATE>202610{number % 28 + 1:02}</DATE><ALTERID> {number + 1}</ALTERID>"
        f"<VOUCHERTYPENAME>{kind}</VOUCHERTYPENAME><VOUCHERNUMBER>{number}</VOUCHERNUMBER>{body}</VOUCHER>"
    )


@settings(max_examples=300, deadline=None)
@given(st.lists(vouchers(), min_size=1, max_size=6))
def test_whatever_is_entered_each_partys_balance_is_tallys_or_the_voucher_is_refused(made):
    body = "".join(written(number, kind, lines) for number, (kind, lines) in enumerate(made))
    observed = load_connector("tally").observe(
        Inbound(f"<ENVELOPE>{body}</ENVELOPE>".encode()), source=SOURCE, settings={}, now=NOW
    )
    normalised = normalise(observed, status_map(load_manifest("tally")), received_at=NOW)
    assert {part.code for part in normalised.quarantined} <= {"tally.shared_receipt"}
    refused = {part.place for part in normalised.quarantined}
    expected: dict[str, int] = defaultdict(int)
    for number, (kind, lines) in enumerate(made):
        if f"{kind} {number} of {date(2026, 10, number % 28 + 1):%d %b %Y}" not in refused:
            for ledger, amount, _ in lines:
                if ledger in DEBTORS | CREDITORS:
                    expected[ledger] -= amount
    found = ours(derived(normalised.events))
    assert found == {name: amount for name, amount in expected.items() if amount}
