"""The demo firm's world: repeatable, sound in its sums, as rich as the chat needs it."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from datetime import date, timedelta

import pytest
from stdnum.in_ import gstin, pan

from workers.simulator import bank, books, crm, gateway
from workers.simulator.feeds import shuffled
from workers.simulator.messages import Message
from workers.simulator.selling import PAID_WORD, UNKNOWN_WORD
from workers.simulator.treasury import OPENING_BALANCE
from workers.simulator.world import World, build

TODAY = date(2026, 11, 20)
SEEDS_AND_DAYS = [(7, TODAY), (1, date(2027, 2, 15)), (3, date(2026, 6, 1)), (11, date(2027, 5, 5))]


@pytest.fixture(scope="module")
def world() -> World:
    return build(7, TODAY)


def all_messages(world: World) -> list[Message]:
    return [*books.books_messages(world), *crm.crm_messages(world), *gateway.gateway_messages(world)]


def fingerprint(world: World) -> str:
    hashed = hashlib.sha256()
    for message in shuffled(all_messages(world), world.seed):
        hashed.update(f"{message.source} {message.id} {message.at}".encode() + message.body)
    for name, body in bank.weekly_files(world):
        hashed.update(name.encode() + body)
    return hashed.hexdigest()


def test_the_same_seed_and_day_give_the_same_bytes(world: World) -> None:
    assert fingerprint(world) == fingerprint(build(7, TODAY))


def test_another_seed_or_day_gives_others(world: World) -> None:
    assert len({fingerprint(w) for w in (world, build(8, TODAY), build(7, TODAY + timedelta(days=1)))}) == 3


def test_the_firm_has_sixty_customers_twelve_vendors_and_six_months(world: World) -> None:
    assert len(world.customers) == 60
    assert len({c.name for c in world.customers}) == 60
    assert len(world.vendors) == 12
    assert world.today - world.start >= timedelta(days=182)
    months = {i.issued_on.strftime("%Y-%m") for i in world.invoices if not i.opening}
    assert len(months) >= 6
    assert {c.habit.channel for c in world.customers} == {
        "link", "neft", "bare", "imps", "upi", "cheque", "sums",
    }  # fmt: skip


def test_registrations_carry_right_check_characters(world: World) -> None:
    for party in (*world.customers, *world.vendors):
        gstin.validate(party.gstin)
        pan.validate(party.pan)
        assert party.gstin[2:12] == party.pan


@pytest.mark.parametrize(("seed", "today"), SEEDS_AND_DAYS)
def test_a_settlement_is_what_was_captured_less_fees_gst_and_refunds(seed: int, today: date) -> None:
    for settled in build(seed, today).settlements:
        due = 0
        for paid in settled.payments:
            fee = (paid.amount * 2 + 50) // 100
            due += paid.amount - fee - (fee * 18 + 50) // 100
        assert settled.amount == due - sum(refund.amount for refund in settled.refunds) > 0


@pytest.mark.parametrize(("seed", "today"), SEEDS_AND_DAYS)
def test_every_capture_is_settled_once_and_one_settlement_is_missing_in_the_bank(
    seed: int, today: date
) -> None:
    world = build(seed, today)
    counts = Counter(p.id for s in world.settlements for p in s.payments)
    assert set(counts.values()) == {1}
    for paid in world.gateway:
        if paid.captured and (today - paid.at.date()).days > 6:
            assert paid.id in counts
    narrations = [line.narration for line in world.bank]
    for settled in world.settlements:
        hits = sum(settled.utr in narration for narration in narrations)
        assert hits == (1 if settled.in_bank else 0)
    assert sum(not s.in_bank for s in world.settlements) == 1


@pytest.mark.parametrize(("seed", "today"), SEEDS_AND_DAYS)
def test_the_bank_balance_runs_from_file_to_file_and_periods_overlap(seed: int, today: date) -> None:
    world = build(seed, today)
    files = [_rows(body) for _, body in bank.weekly_files(world)]
    known: dict[str, tuple[str, ...]] = {}
    repeated, balance = 0, OPENING_BALANCE
    for rows in files:
        before = None
        for row in rows:
            amount = _paise(row["Transaction Amount(INR)"]) * (1 if row["Cr/Dr"] == "CR" else -1)
            after = _paise(row["Available Balance(INR)"])
            assert before is None or before + amount == after
            before = after
            key = row["Transaction ID"]
            plain = tuple(value for name, value in row.items() if name != "No.")
            assert known.setdefault(key, plain) == plain
            if known[key] is plain:
                assert balance + amount == after
                balance = after
            else:
                repeated += 1
    assert len(known) == len(world.bank)
    assert repeated > 50
    assert balance == world.bank[-1].balance > 0
    assert min(line.balance for line in world.bank) > 0


def test_a_few_things_have_gone_wrong(world: World) -> None:
    kinds = Counter(truth.kind for _, truth in world.truth())
    assert kinds["duplicate"] == kinds["wrong_amount"] == kinds["own_transfer"] == 1
    assert kinds["on_account"] > 10
    assert any(truth.tds for _, truth in world.truth())
    words = Counter(word for deal in world.deals for _, word in deal.steps)
    assert words[UNKNOWN_WORD] == 1
    assert any(c.returned_on for c in world.cheques)
    assert any(c.dated_on > TODAY for c in world.cheques)
    outcomes = Counter(p.outcome for p in world.gateway)
    assert outcomes["late_failed"] >= 1
    assert outcomes["failed"] >= 3
    assert outcomes["authorized"] == 1
    assert sum(p.refund is not None for p in world.gateway) == 1


def test_two_claims_of_the_crm_have_no_money_behind_them(world: World) -> None:
    paid = {number for p in world.payments for number, _ in p.settles}
    paid |= {p.invoice.number for p in world.gateway if p.captured}
    claimed = {d.invoices[0] for d in world.deals if any(word == PAID_WORD for _, word in d.steps)}
    assert len(claimed) > 20
    assert len(claimed - paid) == 2


def test_most_bank_credits_explain_themselves(world: World) -> None:
    entered = {p.utr for p in world.payments if p.entered_on is not None}
    unnamed = []
    for line, truth in world.truth():
        named = truth.kind in ("settlement", "cheque") or any(n in line.narration for n, _ in truth.lines)
        booked = any(utr in line.narration for utr in entered)
        if not (named or booked or truth.kind == "duplicate"):
            unnamed.append(truth.kind)
    assert Counter(unnamed) == {"bills": 2, "on_account": 1, "own_transfer": 1}


@pytest.mark.parametrize(("seed", "today"), SEEDS_AND_DAYS)
def test_the_owner_has_lakhs_to_collect_and_a_third_is_overdue(seed: int, today: date) -> None:
    world = build(seed, today)
    open_bills, overdue = _open(world)
    assert 15_00_000_00 <= open_bills <= 40_00_000_00
    assert 0.25 <= overdue / open_bills <= 0.45


def test_nothing_of_the_history_lies_in_the_future(world: World) -> None:
    for message in all_messages(world):
        assert world.start <= message.at.date() < world.today
    assert all(world.start <= line.on < world.today for line in world.bank)


def test_nobody_of_the_firm_can_be_reached_by_accident(world: World) -> None:
    for party in (*world.customers, *world.vendors):
        assert party.phone.startswith("+91555")  # no Indian mobile begins with 5
        assert party.email.endswith(".example")


def _rows(body: bytes) -> list[dict[str, str]]:
    lines = body.decode().splitlines()
    header = next(place for place, line in enumerate(lines) if line.startswith("No.,"))
    return list(csv.DictReader(io.StringIO("\n".join(lines[header:]))))


def _paise(text: str) -> int:
    rupees, paise = text.split(".")
    return int(rupees) * 100 + int(paise)


def _open(world: World) -> tuple[int, int]:
    paid: Counter[str] = Counter()
    for payment in world.payments:
        for number, amount in payment.settles:
            paid[number] += amount
    for attempt in world.gateway:
        if attempt.captured and attempt.refund is None:
            paid[attempt.invoice.number] += attempt.amount
    for cheque in world.cheques:
        if cheque.cleared_on and not cheque.returned_on:
            paid[cheque.settles[0][0]] += cheque.amount
    for note in world.credit_notes:
        paid[note.against or ""] += note.amount
    left = {i.number: max(0, i.amount - paid[i.number]) for i in world.invoices}
    sums = {p.party.code for p in world.payments if p.kind == "on_account"}
    bills = [i for i in world.invoices if i.party.code not in sums]
    late = [i for i in bills if (i.due_on or i.issued_on + timedelta(days=30)) < world.today]
    return sum(left[i.number] for i in bills), sum(left[i.number] for i in late)
