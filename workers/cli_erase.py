"""`munshi erase`: a customer or vendor taken out of all that was kept; amounts, days and the audit trail stand."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from kit.errors import NotFound, Rejected
from ledger.commands.erasure import EraseParty
from ledger.queries import FindParty
from ledger.views import PartyBrief
from ledger.views.erasure import ErasureView
from workers.cli_output import AsJson, Business, say, show, told
from workers.cli_session import Session, choose, run


@told
def erase(
    name: Annotated[str, typer.Argument(help="Whom: a name, phone or GSTIN that only one fits.")],
    reason: Annotated[str, typer.Option(help="Who asked for it, and when; for the audit trail.")],
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it. Without it, only count. There is no way back.")
    ] = False,
    business: Business = None,
    as_json: AsJson = False,
) -> None:
    """Erase a person: names, phones, addresses, accounts and what was written of him."""

    async def work(session: Session) -> ErasureView:
        chosen = await choose(session, business)
        found: tuple[PartyBrief, ...] = await session.door.query(FindParty(name, limit=5), chosen.clerk)
        exact = [one for one in found if one.name.casefold() == name.strip().casefold()] or list(found)
        if not exact:
            raise NotFound("party.not_found", f"Nobody is called {name!r}.")
        if len(exact) > 1:
            several = ", ".join(one.name for one in exact)
            raise Rejected(
                "party.several", f"Several fit: {several}.", remedy="Write the whole name, or the phone."
            )
        made: ErasureView = await session.door.execute(EraseParty(exact[0].id, reason, apply), chosen.clerk)
        return made

    view = run(work)
    show({**asdict(view), "party_id": str(view.party_id)}, as_json=as_json, human=lambda: _tell(view))


def _tell(view: ErasureView) -> None:
    say(f"{view.events:,} entries, {view.bodies:,} raw bodies ({view.emptied:,} of them leave nothing readable),"
        f" {view.texts:,} cards and questions")  # fmt: skip
    if view.applied:
        say(
            f"Erased. From now on the party is called {view.alias}. Erase it in the tools that told of it, too:"
        )
        say(
            "what they send anew is kept anew. Backups and archives made before still hold the keys: see ledger/decisions/0029."
        )
    else:
        say("Nothing was written. To do it: the same with --apply. It can't be taken back.")
