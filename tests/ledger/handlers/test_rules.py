"""A business's own rules at run time: previewed, published, judged at once, brought back, withdrawn, switched, ordered."""

from __future__ import annotations

import asyncio
import random
import re
import time
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from kit.database import transaction
from kit.errors import Denied, NotFound, Rejected, Stale
from kit.ids import uuid7
from ledger import queries
from ledger.commands import DrainBusiness, ResolveConflict, SweepBusiness
from ledger.commands.rules import OrderRule, PreviewRule, PublishRule, RevertRule, SwitchRule, WithdrawRule
from ledger.dispatch import Door
from ledger.domain.roles import Actor, Role, system
from ledger.queries.rules import CheckRule, OneRule, Rules
from ledger.reconcile import own, runner
from ledger.reconcile.load import shipped_texts
from ledger.reconcile.reference import README
from tests.ledger.reconcile.conftest import Books
from tests.ledger.trail import trail

CASH = """\
name = "large_cash_receipt"
title = "Much cash from one customer"
severity = "warn"
class = "mismatched"
quiet_for = "0s"
evidence = ["amount", "currency", "day", "payer"]

[assert]
fact = "receipt"
where = [
  { field = "method", eq = "cash" },
  { field = "amount", ge = 20000000 },
]

[question]
title = "{amount} in cash[ from {party}] on {day}"

[[answer]]
id = "wrong"
label = "No, it was not cash"
effect = "dismiss"
"""
NAME = "large_cash_receipt"


class Desk:
    """An owner who publishes, and the books that are judged."""

    def __init__(self, door: Door, engine: AsyncEngine, owner: Actor, clock: Any) -> None:
        self.door, self.owner, self.clock = door, owner, clock
        self.books = Books(engine, owner.business_id, now=clock.now)

    async def publish(self, text: str = CASH, version: int = 0, **more: Any) -> Any:
        """Publish, as the owner."""
        return await self.door.execute(PublishRule(text, "we want it", version), more.get("by", self.owner))

    async def drain(self) -> None:
        """Let the drainer do what a command left behind."""
        clerk = system(self.owner.business_id, "drainer")
        while (await self.door.execute(DrainBusiness(), clerk)).more:
            pass

    async def asked(self, status: str = "open") -> list[Any]:
        """Return the questions in that state."""
        return list((await self.door.query(queries.Conflicts(status), self.owner)).rows)

    async def cash(self, rupees: int, **row: Any) -> UUID:
        """Take cash."""
        return await self.books.receipt(None, rupees * 100, method="cash", **row)

    async def trail(self, action: str) -> list[Any]:
        """Return the audit entries of an action."""
        return await trail(self.door.engine, self.owner.business_id, action)


@pytest.fixture
def desk(door: Door, engine: AsyncEngine, owner: Actor, clock: Any) -> Desk:
    """A desk with empty books."""
    return Desk(door, engine, owner, clock)


def role(owner: Actor, which: Role) -> Actor:
    return Actor(owner.business_id, which, "Meena", member_id=owner.member_id, owner_key="9")


async def test_a_published_rule_asks_at_once_and_a_withdrawn_one_clears_with_the_reason(desk: Desk) -> None:
    await desk.cash(250_000)
    await desk.cash(150_000)
    made = await desk.publish()
    assert (made.origin, made.version, made.in_force, made.enabled) == ("own", 1, 1, True)
    assert await desk.asked() == []
    await desk.drain()
    (question,) = await desk.asked()
    assert (question.rule, question.title) == (NAME, "₹2,50,000 in cash on 18 Nov")
    await desk.door.execute(WithdrawRule(NAME, "too many"), desk.owner)
    await desk.drain()
    assert await desk.asked() == []
    assert [row.title for row in await desk.asked("cleared")] == ["₹2,50,000 in cash on 18 Nov"]
    (cleared,) = await desk.trail("conflict.cleared")
    assert cleared["entry"]["reason"] == "the rule is switched off or withdrawn"
    history = await desk.door.query(OneRule(NAME), desk.owner)
    assert [(v.version, v.state, v.by) for v in history.versions] == [
        (2, "withdrawn", "Ramesh"), (1, "published", "Ramesh"),
    ]  # fmt: skip
    assert history.rule.in_force is None
    await desk.door.execute(RevertRule(NAME, 1, "again"), desk.owner)
    await desk.drain()
    assert len(await desk.asked()) == 1
    assert [e["entry"]["reason"] for e in await desk.trail("rule.reverted")] == ["again"]


async def test_an_answer_stands_under_new_words_and_is_asked_anew_where_the_evidence_is_another(
    desk: Desk,
) -> None:
    await desk.cash(250_000)
    await desk.cash(350_000)
    await desk.publish()
    await desk.drain()
    first, second = await desk.asked()
    await desk.door.execute(ResolveConflict(first.id, "wrong"), desk.owner)
    reworded = CASH.replace("in cash[", "of cash[").replace('"wrong"', '"fine"')
    await desk.publish(reworded, 1)
    await desk.drain()
    (still,) = await desk.asked()
    assert (still.id, "of cash" in still.title, [a.id for a in still.answers]) == (second.id, True, ["fine"])
    assert still.version == second.version + 1
    with pytest.raises(Stale):
        await desk.door.execute(ResolveConflict(second.id, "wrong", version=second.version), desk.owner)
    (answered,) = await desk.asked("resolved")
    assert (answered.id, answered.answer_label) == (first.id, "No, it was not cash")
    other = reworded.replace('"payer"]', '"payer", "reference", "method"]')
    preview = await desk.door.execute(PreviewRule(text=other), desk.owner)
    assert (preview.reopened, preview.changed) == (1, 1)
    await desk.publish(other, 2)
    await desk.drain()
    assert len(await desk.asked()) == 2


async def test_an_override_judges_in_place_of_the_shipped_rule_and_tells_when_that_changes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.books.bank_line(5_684_000)
    text = shipped_texts()["unmatched_bank_credit"]
    loud = text.replace('severity = "warn"', 'severity = "block"')
    assert loud != text
    made = await desk.publish(loud)
    assert (made.origin, made.shipped_changed, made.severity) == ("override", False, "block")
    await desk.drain()
    desk.clock.advance(minutes=1)
    await desk.door.execute(SweepBusiness(), system(desk.owner.business_id, "scheduler"))
    (question,) = await desk.asked()
    assert question.severity == "block"
    changed = dict(shipped_texts()) | {"unmatched_bank_credit": text + "# newer\n"}
    monkeypatch.setattr("ledger.handlers.rules.shipped_texts", lambda: changed)
    listed = {r.name: r for r in await desk.door.query(Rules(), desk.owner)}
    assert listed["unmatched_bank_credit"].shipped_changed
    back = await desk.door.execute(WithdrawRule("unmatched_bank_credit", "as shipped"), desk.owner)
    assert (back.origin, back.in_force) == ("shipped", 0)
    await desk.drain()
    (question,) = await desk.asked()
    assert question.severity == "warn"


async def test_a_rule_of_one_business_never_judges_another(desk: Desk, engine: AsyncEngine) -> None:
    other = uuid7()
    async with transaction(engine, [other]) as tx:
        await tx.run("INSERT INTO businesses (business_id, name) VALUES ($1, 'Other')", other)
    theirs = Desk(desk.door, engine, Actor(other, Role.OWNER, "Lata", member_id=uuid7()), desk.clock)
    await theirs.cash(900_000)
    await desk.publish()
    for one in (desk, theirs):
        await one.door.execute(SweepBusiness(), system(one.owner.business_id, "scheduler"))
    assert await theirs.asked("all") == []
    assert NAME not in {r.name for r in await desk.door.query(Rules(), theirs.owner)}
    with pytest.raises(NotFound):
        await desk.door.query(OneRule(NAME), theirs.owner)
    async with transaction(engine, [other]) as tx:
        assert await tx.value("SELECT count(*) FROM rule_versions") == 0
    await theirs.publish(CASH.replace("20000000", "80000000"))
    await theirs.drain()
    assert len(await theirs.asked()) == 1
    await desk.cash(250_000)
    await desk.door.execute(SweepBusiness(), system(desk.owner.business_id, "scheduler"))
    assert len(await desk.asked()) == 1


@pytest.mark.parametrize("which", [Role.SALES, Role.VIEW])
async def test_only_owner_and_finance_see_and_publish_rules(desk: Desk, which: Role) -> None:
    actor = role(desk.owner, which)
    for message in (
        PreviewRule(text=CASH), PublishRule(CASH, "x"), RevertRule(NAME, 1, "x"), WithdrawRule(NAME, "x"),
        SwitchRule(NAME, True, "x"), OrderRule(NAME, 1),
    ):  # fmt: skip
        with pytest.raises(Denied):
            await desk.door.execute(message, actor)
    for question in (Rules(), OneRule(NAME), CheckRule(CASH)):
        with pytest.raises(Denied):
            await desk.door.query(question, actor)
    assert len(await desk.trail("denied")) == 9


async def test_switching_off_is_the_owners_and_clears_and_on_again_is_finances_too(desk: Desk) -> None:
    finance = role(desk.owner, Role.FINANCE)
    await desk.cash(250_000)
    await desk.publish(by=finance)
    await desk.drain()
    with pytest.raises(Denied):
        await desk.door.execute(SwitchRule(NAME, False, "noise"), finance)
    with pytest.raises(Denied):
        await desk.door.execute(WithdrawRule(NAME, "noise"), finance)
    preview = await desk.door.execute(PreviewRule(rule=NAME, on=False), finance)
    assert (preview.cleared, [e.becomes for e in preview.examples]) == (1, ["cleared"])
    assert len(await desk.asked()) == 1
    off = await desk.door.execute(SwitchRule(NAME, False, "noise"), desk.owner)
    assert off.enabled is False
    await desk.drain()
    assert await desk.asked() == []
    assert (await desk.door.execute(PreviewRule(rule=NAME, on=True), finance)).opened == 1
    await desk.door.execute(SwitchRule(NAME, True, "back"), finance)
    await desk.drain()
    assert len(await desk.asked()) == 1
    assert [e["entry"]["reason"] for e in await desk.trail("rule.switched_off")] == ["noise"]


async def test_the_second_of_two_publishers_is_told_who_was_first_and_when(desk: Desk) -> None:
    finance = role(desk.owner, Role.FINANCE)
    texts = (CASH, CASH.replace("20000000", "30000000"))
    done = await asyncio.gather(
        desk.publish(texts[0], by=desk.owner), desk.publish(texts[1], by=finance), return_exceptions=True
    )
    (stale,) = [one for one in done if isinstance(one, BaseException)]
    assert isinstance(stale, Stale)
    assert stale.code == "rule.changed"
    winner = "Meena" if done[0] is stale else "Ramesh"
    assert stale.message == f"{winner} published version 1 on Fri 20 Nov, 09:00."
    with pytest.raises(Rejected) as same:
        await desk.publish(texts[0 if winner == "Ramesh" else 1], 1)
    assert same.value.code == "rule.same"


async def test_questions_of_one_severity_come_in_the_order_of_their_rules(desk: Desk) -> None:
    await desk.cash(250_000)
    second = CASH.replace(NAME, "old_cash").replace("0s", "0s")
    await desk.publish()
    await desk.publish(second)
    await desk.drain()
    await desk.door.execute(OrderRule("old_cash", 5), desk.owner)
    assert [row.rule for row in await desk.asked()] == ["old_cash", NAME]
    await desk.door.execute(OrderRule(NAME, 4), desk.owner)
    assert [row.rule for row in await desk.asked()] == [NAME, "old_cash"]
    page = await desk.door.query(queries.Conflicts(first=1), desk.owner)
    rest = await desk.door.query(queries.Conflicts(first=1, after=page.end), desk.owner)
    assert [page.rows[0].rule, rest.rows[0].rule] == [NAME, "old_cash"]
    assert [r.name for r in await desk.door.query(Rules(), desk.owner)][:2] == [NAME, "old_cash"]


async def test_a_preview_writes_nothing_but_that_it_was_made(desk: Desk) -> None:
    for number in range(30):
        await desk.cash(250_000 + number)
    tables = ("conflicts", "pending", "rule_versions", "rule_switches")

    async def counts() -> list[int]:
        return [
            (await desk.books.rows(f"SELECT count(*) FROM {t} WHERE business_id = $1"))[0][0] for t in tables
        ]

    before = await counts()
    preview = await desk.door.execute(PreviewRule(text=CASH), desk.owner)
    assert (preview.opened, len(preview.examples), preview.cut) == (30, 20, None)
    assert await counts() == before
    assert [
        e["action"] for e in await desk.books.rows("SELECT action FROM audit WHERE business_id = $1")
    ] == ["rule.previewed"]


async def test_what_is_too_much_or_too_slow_is_not_published_and_rests_where_it_becomes_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        await desk.cash(250_000 + number)
    monkeypatch.setattr(runner, "MAX_FOUND", 10)
    preview = await desk.door.execute(PreviewRule(text=CASH), desk.owner)
    assert preview.cut is not None
    with pytest.raises(Rejected) as refused:
        await desk.publish()
    assert refused.value.code == "rule.too_much"
    monkeypatch.setattr(runner, "MAX_FOUND", 12)
    await desk.publish()
    await desk.drain()
    assert len(await desk.asked()) == 12
    more = await desk.cash(990_000)
    await desk.door.execute(SweepBusiness(), system(desk.owner.business_id, "scheduler"))
    assert len(await desk.asked()) == 12
    listed = {r.name: r for r in await desk.door.query(Rules(), desk.owner)}
    assert listed[NAME].problem is not None
    assert len(await desk.trail("rule.failed")) == 1
    await desk.books.set("receipts", more, method="upi")
    await desk.door.execute(SweepBusiness(), system(desk.owner.business_id, "scheduler"))
    listed = {r.name: r for r in await desk.door.query(Rules(), desk.owner)}
    assert listed[NAME].problem is None
    assert len(await desk.trail("rule.recovered")) == 1


SLOW = """\
name = "slow"
title = "Everything with everything"
severity = "info"
class = "mismatched"
evidence = ["anchor", "amount"]

[pair]
join = { payer = "payer" }

[pair.left]
fact = "receipt"

[pair.right]
fact = "receipt"
where = [{ field = "reference", eq = "no such" }, { field = "unallocated", lt = 0 }]

[question]
title = "{amount}"

[[answer]]
id = "no"
label = "No"
effect = "dismiss"
"""


async def test_a_slow_rule_is_cut_off_in_time_and_what_follows_is_not_spoilt(
    desk: Desk, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with transaction(engine, [desk.owner.business_id]) as tx:
        await tx.run(
            "INSERT INTO receipts (business_id, id, anchor, status, arrived, received_on, amount, refunded, allocated,"
            " currency, method, payer) SELECT $1, gen_random_uuid(), gen_random_uuid(), 'payment.received', true,"
            " '2026-11-18', 100, 0, 0, 'INR', 'upi', 'X' FROM generate_series(1, 6000)",
            desk.owner.business_id,
        )
    monkeypatch.setattr(runner, "OWN_SECONDS", 0.5)
    slow = SLOW.replace('"no such" }, { field = "unallocated", lt = 0 }]', '"no such" }]').replace(
        '{ field = "reference", eq = "no such" }', '{ field = "amount", gt = 0 }'
    )
    began = time.monotonic()
    preview = await desk.door.execute(PreviewRule(text=slow), desk.owner)
    assert time.monotonic() - began < 3
    assert preview.cut is not None
    assert len(await desk.trail("rule.previewed")) == 1
    assert (await desk.door.execute(PreviewRule(text=SLOW), desk.owner)).cut is None


RULES = (
    CASH,
    CASH.replace(NAME, "any_cash").replace("20000000", "15000000").replace('"0s"', '"10m"'),
    shipped_texts()["unmatched_bank_credit"].replace("INR", "INR"),
    shipped_texts()["duplicate_payment"].replace("within = 15", "within = 3"),
    shipped_texts()["crm_says_paid_no_payment_event"].replace('"11"', '"2"'),
)


@pytest.mark.parametrize("seed", range(4))
async def test_a_preview_is_what_publishing_then_does(desk: Desk, seed: int) -> None:
    from tests.ledger.reconcile.test_runner import some_facts

    chance = random.Random(seed)
    customers = [await desk.books.party(f"Customer {number}") for number in range(6)]
    for _ in range(25):
        await some_facts(desk.books, chance, customers)
        if chance.random() < 0.4:
            await desk.cash(
                chance.randrange(100_000, 400_000), received_on=date(2026, 11, chance.randrange(1, 20))
            )
    clerk = system(desk.owner.business_id, "scheduler")
    for _ in range(2):
        await desk.door.execute(SweepBusiness(), clerk)
        desk.clock.advance(minutes=10)
    await desk.door.execute(SweepBusiness(), clerk)
    for text in RULES:
        text = text + f"# {seed}\n"
        for version, published in enumerate((text, text.replace('quiet_for = "30s"', 'quiet_for = "0s"'))):
            if version and published == text:
                continue
            preview = await desk.door.execute(PreviewRule(text=published), desk.owner)
            (name,) = (preview.rule,)
            before = {c["id"]: c for c in await desk.books.conflicts(name)}
            await desk.publish(published, version)
            await desk.drain()
            after = {c["id"]: c for c in await desk.books.conflicts(name)}
            moved = [(before.get(i), row) for i, row in after.items() if before.get(i) != row]
            fresh = [row for old, row in moved if old is None or old["status"] == "cleared"]
            assert preview.waiting == sum(row["status"] == "waiting" for row in fresh)
            woken = [
                r for o, r in moved if o and o["status"] in ("waiting", "snoozed") and r["status"] == "open"
            ]
            assert preview.opened == sum(row["status"] == "open" for row in fresh) + len(woken)
            assert preview.reopened == sum(bool(o and o["status"] == "resolved") for o, _ in moved)
            assert preview.cleared == sum(
                bool(o and o["status"] in ("open", "snoozed") and r["status"] == "cleared") for o, r in moved
            )
            assert preview.changed == sum(
                bool(o and o["status"] == r["status"] == "open" and r["version"] > o["version"])
                for o, r in moved
            )


def test_every_shipped_rule_may_be_published_as_a_businesss_own() -> None:
    for name, text in shipped_texts().items():
        assert own.load_own(text).name == name


async def test_hostile_texts_are_data(desk: Desk) -> None:
    for number, evil in enumerate(
        ("'; DROP TABLE conflicts; --", ":business", "$1", "\\' OR true --", "%s {0}", "")
    ):
        text = CASH.replace(NAME, f"evil_{'abcdef'[number]}").replace('eq = "cash"', f"eq = '''{evil}'''")
        await desk.cash(250_000)
        await desk.books.receipt(None, 25_000_000, method=evil)
        preview = await desk.door.execute(PreviewRule(text=text), desk.owner)
        assert (preview.opened, preview.cut) == (1, None)
        assert evil not in str(runner.compiled(own.load_own(text)).whole.sql) or evil in ("$1", "")
    with pytest.raises(Rejected):
        await desk.publish(CASH.replace(NAME, "x'; DROP TABLE conflicts"))


async def test_the_rule_in_the_readme_is_previewed_and_published_as_it_stands(desk: Desk) -> None:
    found = re.search(r"```toml\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert found is not None
    text = re.sub(r"(?m)^   ", "", found[1])
    await desk.cash(250_000)
    preview = await desk.door.execute(PreviewRule(text=text), desk.owner)
    assert (preview.opened, preview.waiting) == (0, 1)
    await desk.publish(text)
    await desk.drain()
    desk.clock.advance(minutes=1)
    await desk.drain()
    assert [row.rule for row in await desk.asked()] == [NAME]
