"""Changing the firm's own particulars, and what its bills are closed and its days counted by."""

from __future__ import annotations

from typing import Any

import orjson

from kit.errors import Rejected
from ledger.commands.firm import ChangeFirm
from ledger.domain.gstin import odd_gstin
from ledger.domain.keys import number_key
from ledger.domain.roles import Permission
from ledger.handlers.firm import firm_settings
from ledger.handlers.people import member_name
from ledger.handlers.registry import Context, handles
from ledger.queries.firm import FirmSettings
from ledger.store.audit import Words
from ledger.views.firm import FirmSettingsView

MAX_ADDRESS, MAX_LINES = 300, 6
MAX_LIMIT = 100_000
"""₹1,000 of a bill: more than that is no rounding."""
MAX_HOLIDAYS = 400
_HELD = "SELECT name, settings FROM businesses WHERE business_id = $1 FOR UPDATE"
_KEEP = "UPDATE businesses SET name = $2, settings = $3::jsonb WHERE business_id = $1"
# Bills that another limit closes or opens: those with something open, and those that were closed as rounding.
_LOOK_AGAIN = """
INSERT INTO pending (business_id, id, subject, due_at)
SELECT $1, gen_random_uuid(), i.anchor, $2 FROM invoices i
WHERE i.business_id = $1 AND (i.outstanding > 0 OR EXISTS (
  SELECT FROM allocations a WHERE a.business_id = $1 AND a.document_id = i.id AND a.kind = 'round_off'))
"""


@handles(ChangeFirm, permission=Permission.ADMINISTER)
async def change_firm(command: ChangeFirm, ctx: Context) -> FirmSettingsView:
    """Keep what is given; bills are looked at again where the rounding limit is another one."""
    given = _checked(command)
    row = await ctx.tx.row(_HELD, ctx.actor.business_id)
    assert row is not None, "who asks belongs to a business"
    name = member_name(command.name) if command.name is not None else row["name"]
    settings: dict[str, Any] = dict(row["settings"] or {})
    before = {"name": row["name"], **{field: settings.get(field) for field in given}}
    after = {"name": name, **given}
    if after != before:
        kept = {field: value for field, value in {**settings, **given}.items() if value is not None}
        await ctx.tx.run(_KEEP, ctx.actor.business_id, name, orjson.dumps(kept).decode())
        changed = [field for field in after if after[field] != before[field]]
        if "round_off_limit" in changed:
            await ctx.tx.run(_LOOK_AGAIN, ctx.actor.business_id, ctx.now)
        ctx.audit(
            "firm.changed",
            str(ctx.actor.business_id),
            before={field: _told(field, before[field]) for field in changed},
            after={field: _told(field, after[field]) for field in changed},
        )
        ctx.memo.clear()
    view: FirmSettingsView = await firm_settings(FirmSettings(), ctx)
    return view


def _told(field: str, value: Any) -> Any:
    """Keep an address beside the audit chain: a trader's is often his home."""
    return Words(value) if field == "address" and value else value


def _checked(command: ChangeFirm) -> dict[str, Any]:
    """Return the settings that are given, as they are kept; None takes one away."""
    given: dict[str, Any] = {}
    if command.address is not None:
        given["address"] = _address(command.address)
    if command.gstin is not None:
        given["gstin"] = _gstin(command.gstin)
    if command.round_off_limit is not None:
        if not 0 <= command.round_off_limit <= MAX_LIMIT:
            raise Rejected("firm.round_off_limit", "The rounding limit is 0 to 100,000 paise (₹1,000).")
        given["round_off_limit"] = command.round_off_limit
    if command.holidays is not None:
        if len(command.holidays) > MAX_HOLIDAYS:
            raise Rejected("firm.holidays", f"At most {MAX_HOLIDAYS} holidays are kept.")
        given["holidays"] = sorted({day.isoformat() for day in command.holidays})
    return given


def _address(text: str) -> str | None:
    lines = [" ".join(line.split()) for line in text.splitlines()]
    kept = [line for line in lines if line]
    address = "\n".join(kept)
    if len(kept) > MAX_LINES or len(address) > MAX_ADDRESS or not all(line.isprintable() for line in kept):
        raise Rejected(
            "firm.address", f"An address has at most {MAX_LINES} lines and {MAX_ADDRESS} characters."
        )
    return address or None


def _gstin(text: str) -> str | None:
    if not text.strip():
        return None
    odd = odd_gstin(text)
    if odd is not None:
        raise Rejected(
            "firm.gstin", f"This is no GSTIN: {odd}.", remedy="Write the 15 characters of your certificate."
        )
    return number_key(text)
