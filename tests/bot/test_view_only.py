"""Who only looks: whatever he taps or types, nothing is said in the log and nobody's rights change."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from bot.handlers.areas import AREAS
from bot.scenes import Scenes
from bot.visit import Visitor
from kit.database import transaction
from kit.errors import MunshiError
from ledger.domain.roles import Actor, Role
from ledger.queries import Conflicts
from ledger.views import ChatMemberView
from tests.bot.conftest import Join
from tests.ledger.desk import Firm

CA = 3001
# His advice on an entry is wanted: it is shown to who answers, and answers nothing.
_HARMLESS = {
    "conflict.advised",
    "denied",
    "drained",
    "link_code.created",
    "chat.linked",
    "member.added",
    "conflict.opened",
}


@pytest.fixture
def firm(door: Any, engine: Any, clock: Any, owner: Actor) -> Firm:
    return Firm(door, engine, clock, owner)


def _actions(firm: Firm, known: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a button could carry at most, with things that there are; two ways to say what is optional."""
    common = {
        "party": known["party"], "conflict": known["conflict"], "version": known["version"], "member": known["owner"],
        "bill": known["bill"], "invoice": known["bill"], "decision": str(uuid4()), "bulk": str(uuid4()),
        "payment": str(uuid4()), "cheque": str(uuid4()), "claim": True, "answer": "own_transfer", "amount": 100_00,
        "on": "2026-11-20", "dated": "2026-11-20", "method": "upi", "number": "N318261234567890", "text": "noted",
        "at": "2026-11-20T03:30:00+00:00", "role": "owner", "name": "Somebody", "owner": "own-1", "outcome": "no_answer",
        "attachment": "00" * 32, "media_type": "image/jpeg", "kind": "upi_id", "field": "upi_id", "value": "x@upi",
        "language": "en", "chosen": [], "bank": "HDFC", "action": {"do": "help"}, "lead": {"do": "help"},
    }  # fmt: skip
    return [common, {**common, "method": "cash", "answer": "once", "role": "finance"}]


async def test_no_tap_of_who_only_looks_says_or_changes_anything(firm: Firm, join: Join) -> None:
    await firm.bill("INV-102", 4_802_000, 4_000_000)
    await firm.credit(99_900)
    await firm.settle()
    view = (await firm.door.query(Conflicts(), firm.owner)).rows[0]
    [party] = await firm.rows("SELECT id FROM parties WHERE business_id = $1 AND name = 'Sharma Traders'")
    [bill] = await firm.rows("SELECT id FROM invoices WHERE business_id = $1")
    known = {
        "party": str(party["id"]), "conflict": str(view.id), "version": view.version, "bill": str(bill["id"]),
        "owner": str(firm.owner.member_id),
    }  # fmt: skip
    accountant = await join("CA Mehta", "view", CA)
    assert accountant.role is Role.VIEW
    visitor = Visitor(CA, ChatMemberView(accountant, CA, "Sharma Services", "Asia/Kolkata", ""))
    before = await _state(firm)
    met: Counter[str] = Counter()
    for area in (make(firm.door, Scenes(firm.door)) for make in AREAS):
        for name, tap in area.taps.items():
            for action in _actions(firm, known):
                met[await _outcome(tap(visitor, {"do": name, **action}))] += 1
        for name, take in area.typed.items():
            met[await _outcome(take(visitor, {"do": name, **_actions(firm, known)[0]}, "48,020"))] += 1
    assert met["refused"] > 40  # they really were tried
    assert await _state(firm) == before


async def _outcome(answer: Any) -> str:
    try:
        await answer
    except MunshiError:
        return "refused"
    except (KeyError, ValueError, TypeError, AttributeError, AssertionError):
        return "not for this button"
    return "shown"


async def _state(firm: Firm) -> dict[str, Any]:
    """Return what people said, what the trail tells beyond looks, and the people as they are."""
    async with transaction(firm.door.engine, [firm.owner.business_id]) as tx:
        said = await tx.value("SELECT count(*) FROM external_events WHERE source = 'operator'")
        kept = await tx.value("SELECT count(*) FROM deliveries WHERE source = 'operator'")
        members = await tx.fetch("SELECT id, name, role, active, crm_owner FROM members ORDER BY id")
        trail = await tx.fetch("SELECT DISTINCT action FROM audit")
        settings = await tx.value("SELECT settings::text FROM businesses")
        asked = await tx.fetch("SELECT id, status, version, answer, assigned_to FROM conflicts ORDER BY id")
    return {
        "said": said,
        "kept": kept,
        "members": [tuple(row) for row in members],
        "trail": sorted({row["action"] for row in trail} - _HARMLESS),
        "settings": settings,
        "asked": [tuple(row) for row in asked],
    }
