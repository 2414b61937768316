"""Decisions by hand over GraphQL: each mutation once, what it does to the books, and the code of each refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from graphql import GraphQLNonNull, GraphQLUnionType
from sqlalchemy.ext.asyncio import AsyncEngine

from graph.ids import global_id
from graph.schema import schema
from ledger.commands import CreateToken
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role
from tests.graph.test_api import app_of, client_of, codes
from tests.ledger.desk import BANK, BOOKS, SHARMA, Firm

GUPTA = {"id": "C-2", "name": "Gupta Steel"}
TODAY = "2026-11-20"
SAID = "id type words by standing amount { formatted } note canUndo"


class Office:
    """A firm, and its members asking over HTTP."""

    def __init__(self, firm: Firm, client: httpx.AsyncClient) -> None:
        self.firm, self._client = firm, client
        self._tokens: dict[UUID, str] = {}
        self.sunita: Actor
        self.ravi: Actor

    async def ask(self, query: str, actor: Actor | None = None, **variables: Any) -> Any:
        """Post a query as a member; the owner's if nobody is named."""
        actor = actor or self.firm.owner
        assert actor.member_id is not None
        if actor.member_id not in self._tokens:
            made = await self.firm.door.execute(CreateToken(actor.member_id, "test"), self.firm.owner)
            self._tokens[actor.member_id] = made
        response = await self._client.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {self._tokens[actor.member_id]}"},
        )
        assert response.status_code == 200, response.text
        return response.json()

    async def do(self, field: str, given: str, actor: Actor | None = None) -> Any:
        """Say one mutation and return its decision, with the books brought up to date."""
        body = await self.ask(f"mutation {{ {field}({given}) {{ {chosen(field, SAID)} }} }}", actor)
        assert "errors" not in body, body
        assert "code" not in body["data"][field], body
        await self.firm.settle()
        return body["data"][field]

    async def refused(self, field: str, given: str, actor: Actor | None = None) -> str:
        """Say one mutation that is refused, or that something came between, and return the code."""
        body = await self.ask(f"mutation {{ {field}({given}) {{ {chosen(field, SAID)} }} }}", actor)
        if "errors" not in body:
            return str(body["data"][field]["code"])
        (code,) = codes(body)
        return code

    async def id_of(self, table: str, **values: Any) -> UUID:
        """Return the id of the only row of a table with these values."""
        where = "".join(f" AND {name} = ${n}" for n, name in enumerate(values, start=2))
        sql = f"SELECT id FROM {table} WHERE business_id = $1{where}"
        (row,) = await self.firm.rows(sql, *values.values())
        return row["id"]  # type: ignore[no-any-return]

    async def bill(self, number: str) -> str:
        """Return the global id of a bill, quoted."""
        return quoted(global_id("Invoice", await self.id_of("invoices", number=number)))

    async def party(self, name: str = "Sharma Traders") -> str:
        """Return the global id of a party, quoted."""
        return quoted(global_id("Party", await self.id_of("parties", name=name)))

    async def receipt(self) -> str:
        """Return the id of the only receipt, quoted."""
        return quoted(await self.id_of("receipts"))

    async def money(self, amount: int) -> None:
        """Let money come that no bill and no name explains."""
        await self.firm.say(
            BANK, "bank.credited", "bank_line", f"L-{amount}", amount=amount, currency="INR", account="000405004421",
            posted_on="2026-11-18", narration="NEFT-X9-KHAN AND COMPANY", channel="NEFT",
            payer={"name": "KHAN AND COMPANY"},
        )  # fmt: skip
        await self.firm.settle()


def chosen(field: str, wanted: str) -> str:
    """Return what is selected of a mutation: of its decision, or the code of what came between."""
    made = schema._schema.mutation_type.fields[field].type
    if not isinstance(made, GraphQLNonNull) or not isinstance(made.of_type, GraphQLUnionType):
        return wanted
    return f"... on {made.of_type.types[0].name} {{ {wanted} }} ... on Outcome {{ code }}"


def quoted(key: object) -> str:
    return f'"{key}"'


@pytest.fixture
async def office(door: Door, engine: AsyncEngine, clock: Any, owner: Actor) -> AsyncIterator[Office]:
    """An office with two bills of a customer of Ravi's."""
    firm = Firm(door, engine, clock, owner)
    await firm.say(BOOKS, "party.upserted", "party", "C-1", name="Sharma Traders", owner="ravi@firm.in")
    await firm.bill("INV-102", 3_422_000, 2_900_000)
    await firm.bill("INV-107", 2_360_000, 2_000_000, due="2026-11-16")
    await firm.settle()
    async with client_of(app_of(engine, clock)) as client:
        made = Office(firm, client)
        made.sunita = await firm.member("Sunita", Role.FINANCE)
        made.ravi = await firm.member("Ravi", Role.SALES, owner_key="ravi@firm.in")
        yield made


async def test_money_is_set_against_bills_and_the_decision_taken_back(office: Office) -> None:
    await office.money(5_000_000)
    receipt, first, second = (
        await office.receipt(),
        await office.bill("INV-102"),
        await office.bill("INV-107"),
    )
    shares = f"[{{invoiceId: {first}, amount: 3422000}}, {{invoiceId: {second}, amount: 1500000}}]"
    given = f"receiptId: {receipt}, lines: {shares}, onAccount: 78000"
    assert await office.refused("allocateReceipt", given, office.ravi) == "permission.denied"
    short = given.replace("78000", "77999")
    assert await office.refused("allocateReceipt", short, office.sunita) == "allocation.sum"
    made = await office.do("allocateReceipt", given, office.sunita)
    assert (made["type"], made["by"], made["canUndo"]) == ("allocation.decided", "Sunita", True)
    assert await office.firm.outstanding() == {"INV-102": 0, "INV-107": 860_000}
    body = await office.ask(
        f"{{ decisions(partyId: {await office.party()}) {{ id words by }} }}", office.ravi
    )
    assert body["data"]["decisions"] == [
        {"id": made["id"], "words": "Decided which bills this money pays", "by": "Sunita"}
    ]
    back = f"decisionId: {quoted(made['id'])}"
    assert await office.refused("withdrawDecision", back, office.ravi) == "decision.not_yours"
    assert not (await office.do("withdrawDecision", back))["standing"]
    assert await office.firm.outstanding() == {"INV-102": 3_422_000, "INV-107": 2_360_000}
    assert await office.refused("withdrawDecision", back) == "decision.withdrawn"
    nobody = f"decisionId: {quoted(uuid4())}"
    assert await office.refused("withdrawDecision", nobody) == "decision.not_found"


async def test_a_match_that_was_made_by_itself_is_rejected_for_good(office: Office) -> None:
    await office.firm.credit(3_422_000)
    await office.firm.settle()
    assert await office.firm.outstanding() == {"INV-102": 0, "INV-107": 2_360_000}
    given = f"receiptId: {await office.receipt()}"
    assert await office.refused("rejectMatch", given) == "match.what"
    made = await office.do("rejectMatch", f"{given}, invoiceId: {await office.bill('INV-102')}")
    assert made["type"] == "link.rejected"
    assert (await office.firm.outstanding())["INV-102"] == 3_422_000


async def test_money_is_classified(office: Office) -> None:
    await office.money(1_000_000)
    given = f"receiptId: {await office.receipt()}, kind: "
    assert await office.refused("classifyMoney", f'{given}"lottery"') == "money.kind"
    made = await office.do("classifyMoney", f'{given}"loan", note: "from his brother"')
    assert (made["words"], made["note"]) == ("Bank entry marked as loan", "from his brother")
    (row,) = await office.firm.rows("SELECT classified FROM receipts WHERE business_id = $1")
    assert row["classified"] == "loan"


async def test_a_habit_holds_for_the_money_of_a_known_payer(office: Office) -> None:
    await office.firm.credit(1_000_000)
    await office.firm.settle()
    share = f"{{invoiceId: {await office.bill('INV-107')}, amount: 1000000}}"
    await office.do("allocateReceipt", f"receiptId: {await office.receipt()}, lines: [{share}]")
    habit = f"partyId: {await office.party()}, habit: "
    assert await office.refused("setHabit", f'{habit}"late"') == "habit.unknown"
    assert (await office.do("setHabit", f'{habit}"oldest_first"'))["words"] == "Pays the oldest bills first"
    await office.firm.credit(3_900_000, "L-2")
    await office.firm.settle()
    assert sum((await office.firm.outstanding()).values()) == 882_000


async def test_who_reported_money_does_not_confirm_it(office: Office) -> None:
    given = f'partyId: {await office.party()}, amount: 1000000, method: "cash", paidOn: "{TODAY}"'
    given += f", invoiceIds: [{await office.bill('INV-102')}]"
    assert await office.refused("reportPayment", given.replace("cash", "barter")) == "payment.method"
    paid = await office.do("reportPayment", given, office.sunita)
    assert (paid["words"], paid["amount"]) == ("₹10,000 reported as paid by cash", {"formatted": "₹10,000"})
    held = "{ cashWithReps { memberName amount { formatted } payments { id partyName method } } }"
    (shown,) = (await office.ask(held))["data"]["cashWithReps"]
    assert (shown["memberName"], shown["amount"]["formatted"]) == ("Sunita", "₹10,000")
    confirm = f"paymentId: {quoted(shown['payments'][0]['id'])}"
    assert await office.refused("confirmPayment", confirm, office.sunita) == "payment.own_report"
    assert await office.refused("confirmPayment", confirm, office.ravi) == "permission.denied"
    assert (await office.firm.outstanding())["INV-102"] == 3_422_000
    await office.do("confirmPayment", confirm)
    assert (await office.firm.outstanding())["INV-102"] == 2_422_000
    assert (await office.ask(held))["data"]["cashWithReps"] == []
    large = given.replace("1000000", "25000000")
    assert await office.refused("reportPayment", large, office.ravi) == "cash.needs_acknowledgement"
    await office.do("reportPayment", f"{large}, acknowledged: true", office.ravi)


async def test_a_cheque_goes_its_way(office: Office) -> None:
    party, bill = await office.party(), await office.bill("INV-102")
    given = f'partyId: {party}, amount: 3422000, datedOn: "2026-11-25", bank: "HDFC", invoiceIds: [{bill}], number: '
    assert await office.refused("receiveCheque", f'{given}""') == "cheque.number"
    await office.do("receiveCheque", f'{given}"004512"', office.ravi)
    held = "{ chequesInHand { id number postDated status } }"
    (cheque,) = (await office.ask(held))["data"]["chequesInHand"]
    assert (cheque["number"], cheque["postDated"]) == ("004512", True)
    one = f"chequeId: {quoted(cheque['id'])}"
    assert await office.refused("depositCheque", f'{one}, on: "{TODAY}"') == "cheque.post_dated"
    office.firm.clock.advance(days=5)
    assert (
        await office.refused("depositCheque", f'{one}, on: "2026-11-25"', office.ravi) == "permission.denied"
    )
    await office.do("depositCheque", f'{one}, on: "2026-11-25"', office.sunita)
    returned = await office.do("returnCheque", f'{one}, on: "2026-11-25", reason: "Funds insufficient"')
    assert returned["words"] == "Cheque returned: Funds insufficient"
    new = f'{one}, number: "004513", amount: 3422000, datedOn: "2026-12-01"'
    await office.do("replaceCheque", new)
    assert [c["number"] for c in (await office.ask(held))["data"]["chequesInHand"]] == ["004513"]
    assert await office.refused("returnCheque", f'{one}, on: "2026-11-25"') == "cheque.moved_on"


async def test_a_deduction_is_claimed_accepted_and_refused(office: Office) -> None:
    bill = await office.bill("INV-102")
    given = f"invoiceId: {bill}, kind: "
    assert await office.refused("claimDeduction", f'{given}"gift", amount: 1') == "deduction.kind"
    made = await office.do("claimDeduction", f'{given}"cash_discount", amount: 150000', office.ravi)
    claims = "{ deductionClaims { id invoiceNumber words amount { minor } } }"
    (claim,) = (await office.ask(claims))["data"]["deductionClaims"]
    assert (claim["id"], claim["invoiceNumber"]) == (made["id"], "INV-102")
    assert claim["words"] == "short by cash discount ₹1,500, to be checked"
    one = f"claimId: {quoted(claim['id'])}"
    assert await office.refused("acceptDeduction", one, office.sunita) == "deduction.over_limit"
    limit = "mutation { setDeductionLimit(amount: 200000) }"
    assert codes(await office.ask(limit, office.sunita)) == ["permission.denied"]
    assert (await office.ask(limit))["data"] == {"setDeductionLimit": 200_000}
    accepted = await office.do("acceptDeduction", one, office.sunita)
    assert (await office.firm.outstanding())["INV-102"] == 3_272_000
    await office.do("withdrawDecision", f"decisionId: {quoted(accepted['id'])}")
    await office.do("refuseDeduction", one)
    assert (await office.firm.outstanding())["INV-102"] == 3_422_000
    assert (await office.ask(claims))["data"]["deductionClaims"] == []
    assert await office.refused("acceptDeduction", one) == "deduction.judged"


async def test_only_the_owner_gives_up_money(office: Office) -> None:
    given = f"invoiceId: {await office.bill('INV-102')}, amount: "
    assert await office.refused("approveWriteOff", f"{given}22000", office.sunita) == "permission.denied"
    assert await office.refused("approveWriteOff", f"{given}3422001") == "writeoff.over_outstanding"
    made = await office.do("approveWriteOff", f"{given}22000")
    assert made["words"] == "₹220 written off"
    assert (await office.firm.outstanding())["INV-102"] == 3_400_000
    back = f"decisionId: {quoted(made['id'])}"
    assert await office.refused("withdrawDecision", back, office.sunita) == "decision.not_yours"
    await office.do("withdrawDecision", back)
    assert (await office.firm.outstanding())["INV-102"] == 3_422_000


async def test_what_both_owe_is_set_off(office: Office) -> None:
    await office.firm.say(
        BOOKS, "bill.received", "bill", "B-1", number="B-1", party=SHARMA, issued_on="2026-11-01", amount=300_000,
        currency="INR",
    )  # fmt: skip
    await office.firm.settle()
    given = f'partyId: {await office.party()}, on: "{TODAY}", amount: '
    assert await office.refused("agreeSetOff", f"{given}300001") == "setoff.too_much"
    made = await office.do("agreeSetOff", f"{given}300000", office.sunita)
    assert made["words"] == "₹3,000 that you owe them set off"
    assert sum((await office.firm.outstanding()).values()) == 5_482_000
    assert await office.firm.rows("SELECT 1 FROM payables WHERE business_id = $1 AND outstanding > 0") == []


async def test_money_to_be_given_back_is_shown_until_it_is(office: Office) -> None:
    await office.firm.say(
        "payment:razorpay", "payment.received", "payment", "pay_1", amount=1_000_000, currency="INR",
        paid_on="2026-11-18", method="upi", payer={"name": "Sharma Traders"}, references={"invoices": ["INV-102"]},
    )  # fmt: skip
    await office.firm.settle()
    party, given = await office.party(), f"receiptId: {await office.receipt()}, amount: "
    assert await office.refused("agreeRefund", f"{given}1000001") == "refund.too_much"
    assert await office.refused("agreeRefund", f"{given}400000", office.ravi) == "permission.denied"
    shown = f"{{ party(id: {party}) {{ toGiveBack {{ minor }} }} decisions(partyId: {party}) {{ words }} }}"
    assert (await office.ask(shown))["data"]["party"] == {"toGiveBack": {"minor": 0}}
    made = await office.do("agreeRefund", f"{given}400000", office.sunita)
    assert (await office.ask(shown))["data"] == {
        "party": {"toGiveBack": {"minor": 400_000}},
        "decisions": [{"words": "₹4,000 to be given back"}],
    }
    back = f"decisionId: {quoted(made['id'])}"
    await office.do("withdrawDecision", back)
    assert (await office.ask(shown))["data"]["party"] == {"toGiveBack": {"minor": 0}}
    await office.do("agreeRefund", f"{given}400000")
    for name, amount, left in (("rfnd_1", 150_000, 250_000), ("rfnd_2", 250_000, 0)):
        await office.firm.say(
            "payment:razorpay", "refund.processed", "refund", name, amount=amount, currency="INR", payment="pay_1",
            paid_on="2026-11-20",
        )  # fmt: skip
        await office.firm.settle()
        assert (await office.ask(shown))["data"]["party"] == {"toGiveBack": {"minor": left}}


async def test_disputes_calls_and_notes_are_kept(office: Office) -> None:
    party, bill = await office.party(), await office.bill("INV-102")
    dispute = f"invoiceId: {bill}"
    await office.do("raiseDispute", f'{dispute}, reason: "two bags short"', office.ravi)
    status = "{ receivables(first: 5) { nodes { number status } } }"
    found = {n["number"]: n["status"] for n in (await office.ask(status))["data"]["receivables"]["nodes"]}
    assert found["INV-102"] == "invoice.disputed"
    assert await office.refused("settleDispute", dispute, office.ravi) == "permission.denied"
    await office.do("settleDispute", dispute)
    assert await office.refused("settleDispute", dispute) == "dispute.none"
    call = f'partyId: {party}, outcome: "will_pay"'
    assert await office.refused("logCall", call, office.ravi) == "call.promise"
    await office.do("logCall", f'{call}, promisedOn: "2026-11-25"', office.ravi)
    promised = f"{{ party(id: {party}) {{ promiseOn }} }}"
    assert (await office.ask(promised))["data"]["party"]["promiseOn"] == date(2026, 11, 25).isoformat()
    assert await office.refused("addNote", 'text: "for whom?"') == "note.about"
    note = await office.do("addNote", f'text: "Speak to his son", partyId: {party}', office.ravi)
    assert note["words"] == "Note: Speak to his son"


async def test_names_are_joined_and_parted(office: Office) -> None:
    await office.firm.bill("G-1", 100_000, 100_000, party=GUPTA)
    await office.firm.settle()
    one, other = await office.party(), await office.party("Gupta Steel")
    given = f"partyId: {one}, otherId: {other}"
    assert await office.refused("linkParties", given, office.ravi) == "permission.denied"
    assert await office.refused("linkParties", f"partyId: {one}, otherId: {one}") == "parties.same"
    await office.do("linkParties", given)
    (joined,) = await office.firm.rows("SELECT id FROM parties WHERE business_id = $1")
    part = f'partyId: {quoted(global_id("Party", joined["id"]))}, source: "{BOOKS}", externalId: '
    assert await office.refused("unlinkParties", f'{part}"C-9"') == "party.no_such_name"
    await office.do("unlinkParties", f'{part}"C-2"')
    assert len(await office.firm.rows("SELECT 1 FROM parties WHERE business_id = $1")) == 2


async def test_a_question_is_given_to_somebody_noted_and_answered_with_all_alike(office: Office) -> None:
    for number in range(3):
        await office.firm.say(
            BANK, "bank.credited", "bank_line", f"P-{number}", amount=1_111 + number, currency="INR",
            account="000405004421", posted_on="2026-11-18", narration=f"NEFT/N{number:06}/PORTAL PAYOUT/{number}",
            channel="NEFT", payer={"name": "PORTAL SERVICES"},
        )  # fmt: skip
    await office.firm.settle()
    page = (await office.ask("{ conflicts { nodes { id version } } }"))["data"]["conflicts"]["nodes"]
    assert len(page) == 3
    one = f"conflictId: {quoted(page[0]['id'])}"
    body = await office.ask(f"{{ answersForAllAlike({one}) {{ id label }} }}")
    assert {"id": "not_sale", "label": "Not a sale payment"} in body["data"]["answersForAllAlike"]
    member = f"memberId: {quoted(office.sunita.member_id)}"
    assign = f"mutation {{ assignConflict({one}, {member}) {{ ... on Conflict {{ id }} ... on Outcome {{ code }} }} }}"
    assert (await office.ask(assign))["data"]["assignConflict"]["id"] == page[0]["id"]
    assert codes(await office.ask(assign, office.ravi)) == ["permission.denied"]
    given = (await office.ask(assign.replace(member, "")))["data"]["assignConflict"]
    assert given == {"code": "conflict.assigned"}
    again = f"{member.replace('memberId', 'insteadOf')}, memberId: "
    ravi = assign.replace(member, f"{again}{quoted(office.ravi.member_id)}")
    assert codes(await office.ask(ravi)) == ["member.may_not_answer"]
    noted = f'mutation {{ noteConflict({one}, note: "ask the portal") {{ id }} }}'
    assert "errors" not in await office.ask(noted, office.sunita)
    alike = f'mutation {{ resolveAlike({one}, answer: "not_sale") {{ ... on Bulk {{ id label answered skipped }} }} }}'
    assert codes(await office.ask(alike, office.ravi)) == ["permission.denied"]
    assert codes(await office.ask(alike.replace("not_sale", "magic"))) == ["answer.unknown"]
    done = (await office.ask(alike, office.sunita))["data"]["resolveAlike"]
    assert (done["label"], done["answered"], done["skipped"]) == ("Not a sale payment", 3, 0)
    await office.firm.settle()
    undo = f"mutation {{ undoBulk(bulkId: {quoted(done['id'])}) {{ ... on Bulk {{ answered skipped }} ... on Outcome {{ code }} }} }}"
    assert (await office.ask(undo))["data"]["undoBulk"] == {"answered": 3, "skipped": 0}
    assert (await office.ask(undo))["data"]["undoBulk"] == {"code": "bulk.undone"}
    assert codes(await office.ask(undo.replace(done["id"], "7"))) == ["id.invalid"]


async def test_every_refusal_of_a_role_is_counted(office: Office) -> None:
    auditor = await office.firm.member("Mehta", Role.VIEW)
    party, bill, other = await office.party(), await office.bill("INV-102"), quoted(uuid4())
    said = {
        "allocateReceipt": f"receiptId: {other}, lines: []",
        "rejectMatch": f"receiptId: {other}, invoiceId: {bill}",
        "classifyMoney": f'receiptId: {other}, kind: "loan"',
        "setHabit": f'partyId: {party}, habit: "on_account"',
        "reportPayment": f'partyId: {party}, amount: 1, method: "cash", paidOn: "{TODAY}"',
        "confirmPayment": f"paymentId: {other}",
        "receiveCheque": f'partyId: {party}, number: "1", amount: 1, datedOn: "{TODAY}"',
        "claimDeduction": f'invoiceId: {bill}, kind: "tds", amount: 1',
        "acceptDeduction": f"claimId: {other}",
        "approveWriteOff": f"invoiceId: {bill}, amount: 1",
        "agreeSetOff": f'partyId: {party}, amount: 1, on: "{TODAY}"',
        "agreeRefund": f"receiptId: {other}, amount: 1",
        "raiseDispute": f"invoiceId: {bill}",
        "logCall": f'partyId: {party}, outcome: "no_answer"',
        "addNote": f'text: "x", partyId: {party}',
        "linkParties": f"partyId: {party}, otherId: {party}",
        "withdrawDecision": f"decisionId: {other}",
    }
    for field, given in said.items():
        assert await office.refused(field, given, auditor) == "permission.denied", field
    denied = await office.firm.rows("SELECT 1 FROM audit WHERE business_id = $1 AND action = 'denied'")
    assert len(denied) == len(said)
