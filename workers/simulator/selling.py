"""The CRM's side: deals with their words, two of which say paid where no money came and one that nobody knows."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from workers.simulator.entities import Deal, Document, Story, moment, token

UNKNOWN_WORD = "Hold - AMC renewal"
PAID_WORD = "Payment received"


def make_deals(story: Story) -> None:
    """Tell a deal for about every fourth bill, and today's open offers."""
    paid_at = _paid_at(story)
    for place, invoice in enumerate(i for i in story.invoices if not i.opening):
        if place % 4:
            continue
        issued = moment(invoice.issued_on, 11)
        steps = [(issued - timedelta(days=12), "Proposal sent"), (issued - timedelta(days=2), "Closed Won")]
        if invoice.number in paid_at:
            steps.append((paid_at[invoice.number] + timedelta(hours=20), PAID_WORD))
        story.deals.append(_deal(invoice, steps, story))
    _claims_without_money(story, set(paid_at))
    party = story.customer("Orchid Lawns & Banquets")
    unknown = ((moment(story.today - timedelta(days=2), 15, 20), UNKNOWN_WORD),)
    story.deals.append(
        Deal(
            f"D-{token('hold', story.seed, size=8)}",
            party,
            "Kitchen deep cleaning, yearly",
            1_41_600_00,
            party.owner,
            (),
            unknown,
        )
    )
    for party in story.customers[7::9]:
        rng = Random(f"{story.seed}:offer:{party.code}")  # noqa: S311 - a model of chance, no secret
        offered = ((moment(story.today - timedelta(days=rng.randint(3, 20)), 16), "Proposal sent"),)
        name = rng.choice(("Pest control, yearly", "Facade cleaning", "Extra guard, nights"))
        identity = f"D-{token('offer', party.code, size=8)}"
        story.deals.append(
            Deal(identity, party, name, rng.randint(20, 90) * 1_180_00, party.owner, (), offered)
        )


def _paid_at(story: Story) -> dict[str, datetime]:
    """Return when each bill was paid, as far as its payment names the bill and money really came."""
    paid = {
        number: p.at
        for p in story.payments
        for number, _ in p.settles
        if p.kind == "bills" and not p.tds and (p.entered_on or p.channel != "bare")
    }
    paid.update({p.invoice.number: p.at for p in story.gateway if p.captured})
    return paid


def _claims_without_money(story: Story, paid: set[str]) -> None:
    recent = [
        i
        for i in story.invoices
        if i.number not in paid
        and i.party.habit.channel == "link"
        and 6 <= (story.today - i.issued_on).days <= 45
    ]
    for invoice, days in zip(recent[:2], (4, 3), strict=False):
        said = moment(story.today - timedelta(days=days), 17, 45)
        won = moment(invoice.issued_on, 11) - timedelta(days=2)
        story.deals = [deal for deal in story.deals if invoice.number not in deal.invoices]
        story.deals.append(_deal(invoice, [(won, "Closed Won"), (said, PAID_WORD)], story))


def _deal(invoice: Document, steps: list[tuple[datetime, str]], story: Story) -> Deal:
    first, midnight = moment(story.start, 9), moment(story.today, 0)
    return Deal(
        id=f"D-{token('deal', invoice.number, size=8)}",
        party=invoice.party,
        name=invoice.description,
        amount=invoice.amount,
        owner=invoice.party.owner,
        invoices=(invoice.number,),
        steps=tuple(step for step in steps if first <= step[0] < midnight),
    )
