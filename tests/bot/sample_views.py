"""Hand-made views of one Friday morning at a steel trader's."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from bot.cards.audience import Audience
from ledger import views
from ledger.domain.matching.kinds import LABELS
from ledger.domain.roles import Role
from ledger.reconcile.load import shipped_rules
from ledger.reconcile.questions import Question, question_view
from ledger.words import marked

NOW = datetime(2026, 11, 20, 3, 35, tzinfo=UTC)
TODAY = date(2026, 11, 20)
SHARMA, GUPTA, TATA = (UUID(int=n) for n in (1, 2, 3))
QUESTION = UUID(int=77)


def audience(role: Role = Role.OWNER, *, language: str = "en", firm: str | None = None) -> Audience:
    """A reader on that morning."""
    return Audience(role=role, language=language, now=NOW, timezone="Asia/Kolkata", firm=firm)


def rupees(amount: float) -> int:
    """Rupees as paise."""
    return round(amount * 100)


def brief(name: str = "Sharma Traders", **changes: object) -> views.PartyBrief:
    """A customer who owes ₹1,42,000."""
    fields: dict[str, object] = {
        "id": SHARMA,
        "name": name,
        "currency": "INR",
        "net": rupees(142_000),
        "open_bills": rupees(142_000),
        "on_account": 0,
        "overdue": rupees(142_000),
        "overdue_days": 47,
        "payable": 0,
        "usual_days_late": 20,
        "phone": "+91 98200 12345",
    }
    return views.PartyBrief(**{**fields, **changes})  # type: ignore[arg-type]


AGING = (
    views.AgingBucket(1, 30, rupees(190_000), 9),
    views.AgingBucket(31, 60, rupees(142_000), 4),
    views.AgingBucket(61, 90, rupees(50_000), 2),
    views.AgingBucket(91, None, rupees(100_000), 1),
)
NO_AGING = tuple(views.AgingBucket(b.low, b.high, 0, 0) for b in AGING)
TWO_TO_CALL = (
    brief(),
    brief(
        "Gupta Steel",
        id=GUPTA,
        net=rupees(90_000),
        overdue_days=12,
        usual_days_late=None,
        promise_on=date(2026, 11, 13),
        promise_broken=True,
    ),
)


def source(name: str = "books:tally", label: str = "Tally", **changes: object) -> views.SourceView:
    """A source with news of this morning."""
    fields: dict[str, object] = {
        "name": name,
        "connector": "standard",
        "label": label,
        "state": "fresh",
        "last_event_at": datetime(2026, 11, 20, 3, 10, tzinfo=UTC),
        "last_delivery_at": datetime(2026, 11, 20, 3, 10, tzinfo=UTC),
        "covered_until": None,
        "balance": None,
        "account": None,
        "events": 812,
        "quarantined": 0,
        "duplicates": 4,
        "silence_hours": 24,
    }
    return views.SourceView(**{**fields, **changes})  # type: ignore[arg-type]


QUIET_TALLY = source(state="quiet", last_event_at=datetime(2026, 11, 18, 12, 0, tzinfo=UTC))
ICICI = source(
    "bank:icici",
    "ICICI",
    connector="bank",
    covered_until=date(2026, 11, 19),
    balance=rupees(384_210),
    account="000405004421",
)


def digest(**changes: object) -> views.DigestView:
    """The digest of a busy morning."""
    fields: dict[str, object] = {
        "member_name": "Ramesh Sharma",
        "language": "en",
        "business_name": "Sharma Services",
        "today": TODAY,
        "currency": "INR",
        "banks": (
            views.BankView(
                "bank:icici", "ICICI", "000405004421", rupees(384_210), date(2026, 11, 19), rupees(68_400)
            ),
        ),
        "to_collect": rupees(1_240_500),
        "overdue": rupees(482_000),
        "aging": AGING,
        "call_first": TWO_TO_CALL,
        "horizon": date(2026, 11, 26),
        "expected": rupees(310_000),
        "to_pay": rupees(210_000),
        "questions": 3,
        "quiet_sources": (QUIET_TALLY,),
        "sees_payables": True,
        "came": rupees(68_400),
        "came_since": date(2026, 11, 19),
    }
    return views.DigestView(**{**fields, **changes})  # type: ignore[arg-type]


def quiet_digest(**changes: object) -> views.DigestView:
    """The digest of a morning on which nothing is the matter."""
    calm: dict[str, object] = {
        "overdue": 0,
        "aging": NO_AGING,
        "call_first": (),
        "expected": 0,
        "to_pay": 0,
        "questions": 0,
        "quiet_sources": (),
        "came": 0,
    }
    return digest(**{**calm, **changes})


def bill(number: str | None = "INV-102/26-27", **changes: object) -> views.InvoiceView:
    """A bill of Sharma Traders, 47 days overdue."""
    fields: dict[str, object] = {
        "id": UUID(int=102),
        "party_id": SHARMA,
        "party_name": "Sharma Traders",
        "number": number,
        "kind": "invoice",
        "status": "invoice.issued",
        "issued_on": date(2026, 9, 4),
        "due_on": date(2026, 10, 4),
        "amount": rupees(34_220),
        "outstanding": rupees(34_220),
        "currency": "INR",
        "age_days": 47,
        "overdue_days": 47,
    }
    return views.InvoiceView(**{**fields, **changes})  # type: ignore[arg-type]


def payable(number: str | None = "TS/4411", **changes: object) -> views.PayableView:
    """A bill of Tata Steel, due on Monday."""
    fields: dict[str, object] = {
        "id": UUID(int=900),
        "party_id": TATA,
        "party_name": "Tata Steel Distribution",
        "number": number,
        "status": "payable.due",
        "issued_on": date(2026, 10, 24),
        "due_on": date(2026, 11, 23),
        "amount": rupees(120_000),
        "outstanding": rupees(120_000),
        "currency": "INR",
        "overdue_days": 0,
    }
    return views.PayableView(**{**fields, **changes})  # type: ignore[arg-type]


def party(**changes: object) -> views.PartyView:
    """Sharma Traders with everything that a customer can have."""
    fields: dict[str, object] = {
        "brief": brief(
            open_bills=rupees(202_000),
            on_account=rupees(60_000),
            promise_on=date(2026, 11, 27),
            payable=rupees(12_000),
            is_vendor=True,
        ),
        "gstin": "27AAPFU0939F1ZV",
        "pan": "AAPFU0939F",
        "email": "accounts@sharmatraders.example",
        "terms_days": 30,
        "credit_limit": rupees(300_000),
        "aging": (*AGING[:1], views.AgingBucket(31, 60, rupees(34_220), 1), *NO_AGING[2:]),
        "bills": (
            bill(),
            bill("INV-107/26-27", outstanding=rupees(20_000), due_on=date(2026, 11, 1), overdue_days=19),
            bill("INV-131/26-27", due_on=date(2026, 12, 5), overdue_days=0, age_days=-15),
            bill(None, kind="opening", due_on=None, overdue_days=0, age_days=78, amount=rupees(90_000.5), outstanding=rupees(90_000.5)),
        ),
        "bills_open": 6,
        "payables": (payable("ST-9", outstanding=rupees(12_000)),),
        "recent": (
            views.ReceiptView(
                UUID(int=5), SHARMA, date(2026, 11, 2), rupees(25_000), rupees(25_000), "INR",
                "payment.received", True, "neft", "HDFCN52026110200", "SHARMA TRADERS",
            ),
        ),
        "cheques": (
            views.ChequeView(UUID(int=6), "004512", "HDFC", date(2026, 11, 25), rupees(85_000), "INR", "cheque.received"),
            views.ChequeView(UUID(int=7), "004513", "HDFC", date(2026, 12, 25), rupees(40_000), "INR", "cheque.received"),
            views.ChequeView(UUID(int=8), "004400", "HDFC", date(2026, 10, 2), rupees(40_000), "INR", "cheque.returned"),
        ),
        "identities": (),
        "conflicts_open": 2,
        "sources": (QUIET_TALLY, ICICI),
        "promise_amount": rupees(50_000),
    }  # fmt: skip
    return views.PartyView(**{**fields, **changes})  # type: ignore[arg-type]


_IN_HINDI: dict[str, object] = {
    "title": "Sharma Traders से ₹56,840 आए (ICICI ··4421, 18 नव॰)",
    "lines": (
        "बिल INV-102 ₹34,220 + INV-107 ₹23,600 से मेल खाता है,",
        "अगर उन्होंने काटा हो: TDS ₹980 (₹49,000 का 2%, GST छोड़कर; अभी पक्का नहीं)।",
        "सही है?",
    ),
    "why": ("कटौती के बाद रक़म बिल्कुल बराबर", "जाना हुआ देने वाला", "तारीख के 4 दिन बाद"),
    "answers": (
        views.AnswerOption("yes", "हाँ"),
        views.AnswerOption("other", "दूसरे बिल"),
        views.AnswerOption("on_account", "खाते में जमा"),
        views.AnswerOption("not_sale", "बिक्री का पैसा नहीं"),
        views.AnswerOption("ca", "CA से पूछें"),
    ),
}
"""What the ledger says of the question to somebody who reads Hindi."""


def question(language: str = "en", **changes: object) -> views.ConflictView:
    """Money came, and it fits two bills less TDS; worded as the ledger words it for the reader."""
    fields: dict[str, object] = {
        "id": QUESTION,
        "version": 4,
        "rule": "unmatched_bank_credit",
        "severity": "warn",
        "status": "open",
        "title": "₹56,840 came from Sharma Traders (ICICI ··4421, 18 Nov)",
        "lines": (
            "It fits bills INV-102 ₹34,220 + INV-107 ₹23,600",
            "if they cut TDS ₹980 (2% of ₹49,000, GST apart; not yet confirmed).",
            "Correct?",
        ),
        "quote": "NEFT-HDFCN52026111800-SHARMA TRADERS",
        "why": ("amount exact after TDS", "known payer", "four days after due"),
        "answers": (
            views.AnswerOption("yes", "Yes"),
            views.AnswerOption("other", "Other bills"),
            views.AnswerOption("on_account", "On account"),
            views.AnswerOption("not_sale", "Not a sale payment"),
            views.AnswerOption("ca", "Ask accountant"),
        ),
        "party_id": SHARMA,
        "party_name": "Sharma Traders",
        "amount": rupees(56_840),
        "currency": "INR",
        "opened_at": NOW,
    }
    said = _IN_HINDI if language == "hi" else {}
    return views.ConflictView(**{**fields, **said, **changes})  # type: ignore[arg-type]


def question_of_many_answers(language: str = "en") -> views.ConflictView:
    """Money on account of a known payer: bills, habits, and all that money can be that is no sale."""
    likely = (
        "Yes",
        "Part of the oldest bill",
        "Oldest bills first",
        "Always oldest first",
        "Always on account",
    )
    kinds = ("own_transfer", "loan", "owner_money", "interest")
    if language == "hi":
        likely = ("हाँ", "सबसे पुराने बिल का हिस्सा", "पहले पुराने बिल", "हमेशा पहले पुराने", "हमेशा खाते में जमा")
    answers = (
        *(views.AnswerOption(f"a{n}", label) for n, label in enumerate(likely)),
        *(views.AnswerOption(kind, marked(language, LABELS[kind]), "kind") for kind in kinds),
        views.AnswerOption("not_sale", marked(language, "Not a sale payment"), "kind"),
        views.AnswerOption("accountant", marked(language, "Ask accountant")),
        views.AnswerOption("later", marked(language, "Later")),
    )
    return question(language, answers=answers, evidence={"candidates": [], "narration": "NEFT"}, alike=3)


def unknown_payer_question(language: str = "en") -> views.ConflictView:
    """Money of somebody unknown: nothing to say but what it is."""
    left = tuple(
        one
        for one in question_of_many_answers(language).answers
        if not one.id.startswith("a") or one.id == "accountant"
    )
    return question(language, answers=left, party_id=None, party_name=None)


def drift_question(language: str = "en") -> views.ConflictView:
    """Razorpay sends what can't be read: the words of the rule itself."""
    return _asked(
        language,
        "schema_drift",
        source="payment:razorpay", trouble="shape", codes="event.field_missing, schema.field_type",
        first_at="2026-11-20T04:50:00.000000Z", last_at="2026-11-20T06:00:00.000000Z", messages=14, place="evt_Nov20",
        reason="payment.received: amount is missing.", event="payment.captured", missing="amount",
        appeared="amount_paid, settled_on and 2 more", retyped="status was text and is now a number",
        difference="missing payload.payment.entity.amount; new payload.payment.entity.amount_paid",
    )  # fmt: skip


def rows_question(language: str = "en") -> views.ConflictView:
    """Rows of a statement are left out: the words of the rule itself."""
    return _asked(
        language,
        "unreadable_rows",
        source="bank:icici", trouble="rows", codes="row.amount", parts=3, messages=1, place="row 7",
        first_at="2026-11-20T04:50:00.000000Z", last_at="2026-11-20T04:50:00.000000Z",
        reason="the balance doesn't follow from the row before",
    )  # fmt: skip


def failing_question(language: str = "en") -> views.ConflictView:
    """HubSpot's token is no longer good: the words of the rule itself."""
    return _asked(
        language,
        "source_failing",
        name="crm:hubspot", label="HubSpot", unread_lists=None, read_until="2026-11-20T02:10:00.000000Z",
        problem="HubSpot does not let us in. Give it a new token.",
    )  # fmt: skip


def _asked(language: str, rule: str, **evidence: object) -> views.ConflictView:
    found = Question(
        id=QUESTION, rule=shipped_rules()[rule], severity="warn", status="open", version=1,
        evidence={"amount": None, **evidence}, party_id=None, party_name=None, amount=None, currency=None,
        opened_at=NOW,
    )  # fmt: skip
    return question_view(found, now=NOW, timezone="Asia/Kolkata", language=language)


def answered_question(language: str = "en", **changes: object) -> views.ConflictView:
    """The same, answered by Ramesh this morning."""
    done: dict[str, object] = {
        "status": "resolved",
        "version": 5,
        "answer": "yes",
        "answer_label": "हाँ" if language == "hi" else "Yes",
        "answered_by": "Ramesh",
        "answered_at": NOW,
        "can_undo": True,
    }
    return question(language, **{**done, **changes})
