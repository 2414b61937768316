"""Decisions of people, appended to the same log as everything else, under the source `operator`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from kit.database import Tx
from kit.ids import digest
from ledger.domain.checks import check_event
from ledger.domain.events import OPERATOR, Delivery, NewEvent, subject_id
from ledger.domain.roles import Actor
from ledger.store.append import append


async def append_operator_event(
    tx: Tx,
    actor: Actor,
    event_type: str,
    *,
    kind: str,
    external_id: str,
    data: Mapping[str, Any],
    at: datetime,
    because: UUID | None = None,
) -> UUID:
    """Append one decision and return its identity (the subject that it folds into).

    `external_id` names the decision; the same type on the same decision at the same moment is one event.
    """
    body = {name: value for name, value in data.items() if value is not None}
    if because is not None:
        body["because"] = str(because)
    check_event(event_type, body)
    said = orjson.dumps(
        {"type": event_type, "by": actor.label, "id": external_id, "at": at.isoformat(), "data": body},
        option=orjson.OPT_SORT_KEYS,
    )
    event = NewEvent(
        source_event_id=f"{external_id}/{event_type}/{int(at.timestamp() * 1_000_000)}",
        event_type=event_type,
        kind=kind,
        external_id=external_id,
        occurred_at=at,
        precision="instant",
        data=body,
    )
    delivery = Delivery(
        business_id=actor.business_id,
        source=OPERATOR,
        via="operator",
        digest=digest(said),
        body=said,
        received_at=at,
        headers={"actor": actor.label},
        events=(event,),
    )
    await append(tx, [delivery])
    return subject_id(OPERATOR, kind, external_id)
