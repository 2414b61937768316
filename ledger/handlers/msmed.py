"""What the law gives micro and small suppliers: interest that is ours to claim, and limits that are ours to keep.

For owner, finance and the accountant alone; no reminder and no card of a customer ever says a word of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import orjson

from kit.errors import Rejected
from ledger.commands.cash import ConfirmBankRate, MarkVendor, SetMsmed
from ledger.domain.cash.msmed import (
    BankRate,
    deductible_until,
    interest,
    last_day,
    published_rates,
    rate_on,
    year_end,
)
from ledger.domain.events import OPERATOR
from ledger.domain.roles import Permission
from ledger.handlers.deciding import check_untouched, decide, party_row
from ledger.handlers.registry import Context, handles
from ledger.handlers.scope import business
from ledger.queries.cash import MsmedInterest, VendorLimits
from ledger.views.cash import (
    BankRateView,
    MsmedBill,
    MsmedView,
    VendorLimit,
    VendorLimitsView,
    VendorMark,
)
from ledger.views.workflow import DecisionView

SHOWN = 500
_MOST = 20_000
KINDS, ACTIVITIES = ("micro", "small"), ("manufacturer", "service")
_BEGAN = date(2006, 10, 2)
"""The day on which the Act came into force."""
_HIGHEST = 2_500
_SETTINGS = "SELECT settings->'msmed' FROM businesses WHERE business_id = $1"
_KEEP = """
UPDATE businesses SET settings = jsonb_set(settings, '{msmed}', $2::jsonb) WHERE business_id = $1
"""
# Our bills that are open after their last day in time, with what came off each, and when.
_OVERDUE = """
SELECT i.id, i.party_id, p.name, i.number, i.issued_on, i.amount, i.outstanding,
       coalesce(i.due_on, i.issued_on + p.terms_days) AS agreed,
       (SELECT jsonb_agg(jsonb_build_array(o.effective_on, -o.amount) ORDER BY o.effective_on, o.id) FROM postings o
        WHERE o.business_id = $1 AND o.document_id = i.id AND o.side = 'receivable' AND o.known_to IS NULL
          AND o.kind NOT IN ('invoice', 'opening')) AS off
FROM invoices i JOIN parties p ON p.business_id = $1 AND p.id = i.party_id
WHERE i.business_id = $1 AND i.kind = 'invoice' AND i.outstanding > 0 AND i.currency = 'INR'
  AND i.status <> 'invoice.disputed' AND i.issued_on < $2
ORDER BY i.issued_on, i.id LIMIT $3
"""
_MARKS = """
SELECT DISTINCT ON (p.id) p.id, p.name, n.state->'data' AS data
FROM identities n
JOIN party_identities s ON s.business_id = $1 AND s.subject = (n.state->'data'->>'party')::uuid
JOIN parties p ON p.business_id = $1 AND p.id = s.party_id
WHERE n.business_id = $1 AND n.kind = 'enterprise' AND n.source = $2 AND n.state->>'type' = 'vendor.msme_stated'
ORDER BY p.id, n.state->>'at' DESC, n.subject
"""
_OWED = """
SELECT b.id, b.party_id, b.number, b.issued_on, b.due_on, b.outstanding
FROM payables b WHERE b.business_id = $1 AND b.party_id = ANY($2) AND b.kind = 'bill' AND b.outstanding > 0
  AND b.currency = 'INR' ORDER BY b.issued_on, b.id LIMIT $3
"""


@handles(MsmedInterest, permission=Permission.SEE_PAYABLES)
async def msmed_interest(_: MsmedInterest, ctx: Context) -> MsmedView:
    """Answer with each bill's interest, the largest first; nothing but the rates while it is switched off."""
    return await _interest(ctx)


async def _interest(ctx: Context) -> MsmedView:
    firm = await business(ctx)
    kept = await _settings(ctx)
    rates = _rates(kept)
    view = MsmedView(
        currency="INR",
        kind=kept.get("kind"),
        activity=kept.get("activity"),
        registered_on=date.fromisoformat(kept["registered_on"]) if kept.get("registered_on") else None,
        rates=tuple(BankRateView(r.hundredths, r.begins, r.until, r.source) for r in rates),
    )
    if view.kind is None:
        return view
    rows = await ctx.tx.fetch(_OVERDUE, firm.id, firm.today, _MOST)
    found, left_out = [], 0
    wanted: date | None = None
    for row in rows:
        last = last_day(row["issued_on"], row["agreed"])
        if last >= firm.today:
            continue
        first = last + timedelta(days=1)
        if view.registered_on is not None and row["issued_on"] < view.registered_on:
            left_out += 1
            continue
        if rate_on(first, rates) is None:
            left_out += 1
            wanted = _soonest(wanted, _after_all(first, rates))
            continue
        off = [(date.fromisoformat(on), amount) for on, amount in row["off"] or ()]
        run = interest(row["amount"], off, last=last, today=firm.today, rates=rates)
        wanted = _soonest(wanted, run.rate_wanted_from)
        found.append(
            MsmedBill(
                row["id"], row["party_id"], row["name"], row["number"], row["issued_on"], last,
                row["agreed"] is not None, row["outstanding"], run.amount, run.until,
            )
        )  # fmt: skip
    found.sort(key=lambda bill: (-bill.interest, bill.issued_on, bill.invoice_id))
    return replace(
        view,
        total=sum(bill.interest for bill in found),
        bills=tuple(found[:SHOWN]),
        further=max(0, len(found) - SHOWN),
        left_out=left_out,
        rate_wanted_from=wanted,
    )


@handles(SetMsmed, permission=Permission.MAP)
async def set_msmed(command: SetMsmed, ctx: Context) -> MsmedView:
    """Switch it on for a micro or small manufacturer or service firm, or off."""
    if command.kind is None:
        await _keep(ctx, {"kind": None, "activity": None, "registered_on": None})
        return await _interest(ctx)
    if command.activity == "trader":
        raise Rejected(
            "msmed.trader",
            "The interest is not for traders: the ministry let them register in September 2021 for bank loans alone.",
            remedy="Only what you make, or a service, counts. Ask your accountant.",
        )
    if command.kind not in KINDS or command.activity not in ACTIVITIES:
        raise Rejected(
            "msmed.kind",
            "The interest is for micro and small firms that make things or give a service.",
            remedy="Say micro or small, and manufacturer or service, as on your Udyam certificate.",
        )
    today = (await business(ctx)).today
    if command.registered_on is None or not _BEGAN <= command.registered_on <= today:
        raise Rejected(
            "msmed.registered_on",
            "Bills made before the registration earn no interest, so its day is needed.",
            remedy="Write the day on your Udyam certificate.",
        )
    await _keep(
        ctx,
        {
            "kind": command.kind,
            "activity": command.activity,
            "registered_on": command.registered_on.isoformat(),
        },
    )
    return await _interest(ctx)


@handles(ConfirmBankRate, permission=Permission.MAP)
async def confirm_bank_rate(command: ConfirmBankRate, ctx: Context) -> MsmedView:
    """Keep a bank rate that the business has looked up; of the same day the later word counts."""
    firm = await business(ctx)
    if not 0 < command.hundredths <= _HIGHEST:
        raise Rejected("msmed.rate", "A bank rate is above 0 and at most 25 percent.", remedy="5.5 is 5.50%.")
    if not _BEGAN <= command.begins <= firm.today:
        raise Rejected("msmed.rate_day", "The rate begins on a day that has come.", remedy="See rbi.org.in.")
    kept = await _settings(ctx)
    row = {
        "hundredths": command.hundredths,
        "begins": command.begins.isoformat(),
        "by": ctx.actor.name,
        "on": firm.today.isoformat(),
    }
    others = [rate for rate in kept.get("rates", ()) if rate["begins"] != row["begins"]]
    await _keep(ctx, {"rates": sorted([*others, row], key=lambda rate: rate["begins"])})
    return await _interest(ctx)


@handles(VendorLimits, permission=Permission.SEE_PAYABLES)
async def vendor_limits(_: VendorLimits, ctx: Context) -> VendorLimitsView:
    """Answer with the open bills of marked vendors, those first whose last day comes or came first."""
    firm = await business(ctx)
    end = year_end(firm.today)
    marks = {
        row["id"]: VendorMark(
            row["id"],
            row["name"],
            row["data"]["kind"],
            date.fromisoformat(row["data"]["since"]) if row["data"].get("since") else None,
        )
        for row in await ctx.tx.fetch(_MARKS, firm.id, OPERATOR)
        if row["data"]["kind"] in KINDS
    }
    owed = await ctx.tx.fetch(_OWED, firm.id, list(marks), _MOST) if marks else ()
    rows = [
        _limit(row, marks[row["party_id"]].name, firm.today)
        for row in owed
        if (since := marks[row["party_id"]].since) is None or row["issued_on"] >= since
    ]
    rows.sort(key=lambda row: (row.last_day, row.party_name, row.payable_id))
    return VendorLimitsView(
        today=firm.today,
        currency="INR",
        year_end=end,
        vendors=tuple(sorted(marks.values(), key=lambda mark: (mark.name, mark.party_id))),
        rows=tuple(rows[:SHOWN]),
        further=max(0, len(rows) - SHOWN),
        late=sum(row.outstanding for row in rows if row.days_left < 0),
        disallowed=sum(row.outstanding for row in rows if row.deductible_until == end),
        lost=sum(row.outstanding for row in rows if row.state == "lost"),
    )


@handles(MarkVendor, permission=Permission.ANSWER)
async def mark_vendor(command: MarkVendor, ctx: Context) -> DecisionView:
    """Say what a vendor is; the latest word counts."""
    if command.kind not in (*KINDS, "not"):
        raise Rejected(
            "vendor.kind", f"{command.kind[:30]!r} is no size that I know.", remedy="Use micro, small or not."
        )  # fmt: skip
    party = await party_row(ctx, command.party_id)
    await check_untouched(ctx, ("vendor.msme_stated",), party["anchor"])
    data: dict[str, Any] = {"party": str(party["anchor"]), "kind": command.kind}
    if command.since is not None:
        data["since"] = command.since.isoformat()
    if command.number:
        data["number"] = command.number.strip()[:30]
    return await decide(
        ctx, "vendor.msme_stated", data, about=f"party:{party['id']}", kind="enterprise", note=command.note
    )


def _limit(row: Any, name: str, today: date) -> VendorLimit:
    last = last_day(row["issued_on"], row["due_on"])
    until = deductible_until(row["issued_on"], last)
    state = "in_time" if today <= last else "late" if today <= until else "lost"
    return VendorLimit(
        row["id"], row["party_id"], name, row["number"], row["issued_on"], row["outstanding"], last, until,
        (last - today).days, state,
    )  # fmt: skip


def _rates(kept: dict[str, Any]) -> tuple[BankRate, ...]:
    """Return the published rates and those that the business confirmed, which count where both begin alike."""
    own = [
        BankRate(
            row["hundredths"],
            date.fromisoformat(row["begins"]),
            None,
            f"confirmed by {row['by']}, {row['on']}",
        )
        for row in kept.get("rates", ())
    ]
    return tuple(sorted([*published_rates(), *own], key=lambda rate: rate.begins))


def _after_all(day: date, rates: Sequence[BankRate]) -> date | None:
    """Return the day if rates are known before it: later ones can be confirmed; the Act's early years aren't asked for."""
    return day if any(rate.begins <= day for rate in rates) else None


def _soonest(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day is not None), default=None)


async def _settings(ctx: Context) -> dict[str, Any]:
    found: dict[str, Any] | None = await ctx.tx.value(_SETTINGS, ctx.actor.business_id)
    return found or {}


async def _keep(ctx: Context, changed: dict[str, Any]) -> None:
    await ctx.tx.fetch("SELECT 1 FROM businesses WHERE business_id = $1 FOR UPDATE", ctx.actor.business_id)
    before = await _settings(ctx)
    after = {name: value for name, value in {**before, **changed}.items() if value is not None}
    await ctx.tx.run(_KEEP, ctx.actor.business_id, orjson.dumps(after).decode())
    ctx.audit("msmed.set", before=before, after=after)
