"""Every rule's question as it reads, from evidence alone."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from ledger.domain.vocabulary import STATUSES
from ledger.reconcile.load import shipped_rules
from ledger.reconcile.offers import statuses_of
from ledger.reconcile.questions import Question, question_view

NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)


def view(rule: str, evidence: dict, **extra):
    question = Question(
        id=UUID(int=1), rule=shipped_rules()[rule], severity="warn", status="open", version=1, evidence=evidence,
        party_id=None, party_name=extra.pop("party", None), amount=evidence.get("amount"),
        currency=evidence.get("currency", "INR"), opened_at=NOW, **extra,
    )  # fmt: skip
    return question_view(question, now=NOW, timezone="Asia/Kolkata")


CREDIT = {
    "amount": 5_684_000, "currency": "INR", "day": "2026-11-18", "source": "bank:icici", "account": "000405004421",
    "narration": "NEFT-HDFCN52026111800-SHARMA TRADERS", "payer": "SHARMA TRADERS", "reference": "HDFCN52026111800",
}  # fmt: skip


def test_a_credit_that_fits_nothing():
    asked = view("unmatched_bank_credit", CREDIT)
    assert asked.title == "₹56,840 came from Sharma Traders (ICICI ··4421, 18 Nov)"
    assert asked.lines == ("It fits no open bill. What is it for?",)
    assert [a.label for a in asked.answers] == [
        "Our own transfer",
        "A loan",
        "Owner's own money",
        "GST refund",
        "Interest",
        "A vendor's refund",
        "A financier's advance",
        "Not a sale payment",
        "Ask accountant",
        "Later",
    ]
    assert asked.why == ("Bank: ICICI ··4421, 18 Nov.", "Reference HDFCN52026111800.")


def test_a_source_goes_by_its_label_and_an_account_is_told_once():
    assert "(My bank ··4421, 18" in view("unmatched_bank_credit", CREDIT, source_label="My bank").title
    assert "(ICICI ··4421, 18" in view("unmatched_bank_credit", CREDIT, source_label="ICICI ··4421").title


def test_proposals_can_be_told_apart_and_yes_names_what_it_said_yes_to():
    def proposal(number, kind=None, name="Sharma Traders", bill="INV-1"):
        cut = {"amount": 98_000, "base": 4_900_000, "percent": "2%", "why": "s.393"} if kind else None
        lines = [{"kind": kind}] if kind else []
        bills = [{"number": bill, "outstanding": 5_782_000}]
        return {"id": f"fit_{number}", "party": "p", "name": name, "cut": cut, "bills": bills, "lines": lines,
                "evidence": ["amount exact", "known payer", "in time"]}  # fmt: skip

    found = [
        proposal(1, "tds"),
        proposal(2, "gst_tds"),
        proposal(3, name="Gupta Steel", bill="G-7"),
    ]
    asked = view(
        "unmatched_bank_credit", CREDIT | {"candidates": found}, party="Sharma Traders", answer="fit_1"
    )
    assert [a.label for a in asked.answers[:3]] == ["Yes", "Same, with GST-TDS 2%", "G-7 · Gupta Steel"]
    assert asked.answer_label == "Yes: INV-1, TDS 2%"
    assert len(set(asked.why)) == len(asked.why)


def loose(shape, bills=(), name="Sharma Traders", evidence=("no bill fits", "known payer (UPI)"), **more):
    """Return a proposal as it stands in the evidence; bills of (number, paise)."""
    named = [{"number": number, "outstanding": amount} for number, amount in bills]
    lines = [{"number": number, "amount": amount, "kind": "receipt"} for number, amount in bills]
    return {
        "id": f"x_{shape}", "party": str(UUID(int=7)), "name": name, "shape": shape, "cut": None, "bills": named,
        "lines": lines, "evidence": list(evidence), **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("best", "said", "done"),
    [
        (loose("on_account", effect="on_account"), "It fits no open bill. It may be on account of Sharma Traders.",
         "Yes: On account of Sharma Traders"),
        (loose("part_payment", [("INV-1", 6_000_000)]), "It may be a part of bill INV-1 ₹60,000.", "Yes: Part of INV-1"),
        (loose("oldest_first", [("A", 100_000), ("B", 5_700_000)]),
         "It fits no bills exactly. The oldest first would be bills A ₹1,000 + B ₹57,000.",
         "Yes: Oldest bills first, Sharma Traders"),
        (loose("overpaid", [("A", 5_484_000)], left=200_000), "It pays bill A ₹54,840; ₹2,000 stays on account.", "Yes: A"),
        (loose("all_open", [(f"I-{n}", 100_000) for n in range(1, 6)]),
         "It fits all 5 bills, I-1 to I-5, together ₹5,000.", "Yes: 5 bills"),
        (loose("kind", effect="classify", **{"as": "gst_refund"}), "It looks like GST refund.", "Yes: GST refund"),
    ],
)  # fmt: skip
def test_what_fits_no_bill_exactly_is_said_in_words(best, said, done):
    asked = view(
        "unmatched_bank_credit", CREDIT | {"candidates": [best]}, party="Sharma Traders", answer=best["id"]
    )
    assert asked.lines == (said, "Correct?")
    assert asked.answer_label == done


def test_a_little_less_is_said_with_the_amount():
    best = loose("bank_charge", [("A", 5_686_950)], evidence=["a", "known payer (name)"])
    best["lines"] = [{"amount": 5_684_000, "kind": "receipt"}, {"amount": 2_950, "kind": "bank_charge"}]
    asked = view("unmatched_bank_credit", CREDIT | {"candidates": [best]}, party="Sharma Traders")
    assert asked.lines == ("It fits bill A ₹56,869.50,", "₹29.50 less (bank charge).", "Correct?")


def test_what_is_not_known_falls_away_and_last_year_is_named():
    asked = view("unmatched_bank_credit", CREDIT | {"payer": None, "account": "", "day": "2025-11-18"})
    assert asked.title == "₹56,840 came (ICICI, 18 Nov 2025)"


def test_a_stranger_with_the_amount_is_named_in_the_line_not_in_the_title():
    candidate = {
        "id": "fit_1", "party": str(UUID(int=7)), "name": "Gupta Steel", "cut": None,
        "bills": [{"number": "INV-9", "outstanding": 5_684_000}], "lines": [],
        "evidence": ["amount exact", "on the due day"],
    }  # fmt: skip
    asked = view("unmatched_bank_credit", CREDIT | {"candidates": [candidate]}, party="Gupta Steel")
    assert asked.title.startswith("₹56,840 came from Sharma Traders")
    assert asked.lines == ("It fits bill INV-9 ₹56,840 of Gupta Steel.", "Correct?")
    assert asked.why[-1] == "INV-9: amount exact · on the due day."


def test_the_gateways_money_that_is_missing_and_that_is_less():
    evidence = {
        "amount": 4_500_000, "currency": "INR", "day": "2026-11-16", "source": "payment:razorpay", "utr": "U1",
        "fee": 100_000, "tax": 18_000, "bank_amount": None, "covered_until": "2026-11-19",
    }  # fmt: skip
    asked = view("settlement_missing_in_bank", evidence)
    assert asked.title == "Razorpay says it sent ₹45,000 on 16 Nov"
    assert asked.lines == ("Your bank statement till 19 Nov does not show ₹45,000.",)
    less = view("settlement_missing_in_bank", evidence | {"bank_amount": 4_400_000})
    assert less.lines[0] == "The bank shows ₹44,000 for it."


def test_a_quiet_source_and_a_quiet_bank():
    evidence = {"amount": None, "name": "books:tally", "label": "Tally", "heard_at": "2026-11-18T04:00:00.000000Z",
                "covered_until": None, "silence_hours": 24}  # fmt: skip
    asked = view("source_stale", evidence)
    assert asked.title == "Nothing new from Tally since Wed 18 Nov"
    assert asked.lines == ("Until then the amounts may be out of date.",)
    bank = view("source_stale", evidence | {"covered_until": "2026-11-17"})
    assert bank.lines[0] == "The statements end on 17 Nov. Send the next one here."


def test_a_source_that_can_not_be_read_and_one_of_its_lists():
    evidence = {"amount": None, "name": "crm:hubspot", "label": "HubSpot", "unread_lists": None,
                "problem": "HubSpot does not let us in. Give a new token.", "read_until": "2026-11-20T03:40:00.000000Z"}  # fmt: skip
    asked = view("source_failing", evidence)
    assert asked.title == "HubSpot can't be read"
    assert asked.lines == (
        "HubSpot does not let us in. Give a new token.",
        "It was last read on Fri 20 Nov. Until it can be read again the amounts may be out of date.",
    )
    never = view("source_failing", evidence | {"unread_lists": "deals, companies", "read_until": None})
    assert never.title == "HubSpot: its deals, companies can't be read"
    assert never.lines[1] == "Until it can be read again the amounts may be out of date."


def test_what_changed_since_the_answer_is_said():
    asked = view("unmatched_bank_credit", CREDIT | {"changed": {"amount": [100, 200], "payer": [None, "X"]}})
    assert asked.why[-2:] == ("Changed: amount was ₹1, now ₹2.", "Changed: payer was empty, now X.")
    answered = view("unmatched_bank_credit", CREDIT, answer="not_sale", answered_by="Ravi")
    assert answered.answer_label == "Not a sale payment"


def test_what_stands_is_not_shown():
    asked = view("unmatched_bank_credit", CREDIT | {"standing": [{"kind": "decision"}], "likely": "x"})
    assert not {"standing", "likely"} & set(asked.evidence)


@pytest.mark.parametrize(
    ("kind", "word", "first"),
    [
        ("deal", "Payment done", "Paid"),
        ("deal", "closedlost", "Lost"),
        ("deal", "Hold - AMC renewal", "Still open"),
        ("invoice", "SETTLED", "Paid"),
        ("invoice", "cancelled", "Cancelled"),
        ("payment", "declined", "Payment failed"),
        ("bill", "paid", "Paid"),
    ],
)
def test_the_likeliest_meaning_of_a_word_comes_first(kind, word, first):
    asked = view("ambiguous_status", {"source": "crm:demo", "kind": kind, "word": word, "qualifier": "",
                                      "example": "D-1", "events": 3}, source_label="CRM")  # fmt: skip
    labels = [answer.label for answer in asked.answers]
    assert labels[0] == first
    assert "Says nothing about money" in labels
    assert labels[-2:] == ["Ask accountant", "Later"]
    assert asked.title == f"What does “{word}” mean in CRM?"
    assert asked.lines == (
        f"It is said of {kind} D-1 and others: 3 entries wait.",
        "I leave it out until you tell me.",
    )


def test_every_kind_is_offered_only_statuses_that_exist():
    for kind in ("invoice", "bill", "payment", "deal", "cheque", "payout", "party"):
        assert set(statuses_of(kind, STATUSES)) <= STATUSES
