"""Our state on Zoho's accounts and deals: fields of our own, and a deal's stage where we are told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.contract import Call, Reply, Vendor, WriteBack, Written
from connectors.values import as_list, as_object, record_id, text
from connectors.zoho_crm.fields import STAMP, changed_at, stamp
from connectors.zoho_crm.pulling import answered
from connectors.zoho_crm.records import ACCOUNTS, DEALS
from kit.errors import MunshiError, NotFound, Rejected, Retryable, SourceBroken
from kit.money import currency_digits

BATCH = 100
AT_ONCE = 5
"""Fields that Zoho makes in one call."""
# API name (Zoho makes it of the label: blanks become underlines) → type and its limits.
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "Munshi_Outstanding": {"data_type": "double", "length": 16, "decimal_place": 2},
    "Munshi_Overdue": {"data_type": "double", "length": 16, "decimal_place": 2},
    "Munshi_Overdue_Days": {"data_type": "integer", "length": 9},
    "Munshi_Status": {"data_type": "text", "length": 30},
    "Munshi_Last_Receipt": {"data_type": "double", "length": 16, "decimal_place": 2},
    "Munshi_Last_Receipt_On": {"data_type": "date"},
    "Munshi_Expected_On": {"data_type": "date"},
    "Munshi_Currency": {"data_type": "text", "length": 3},
    "Munshi_Link": {"data_type": "website", "length": 450},
    STAMP: {"data_type": "text", "length": 80},
}


async def prepare_fields(call: Vendor) -> None:
    """Make our fields on accounts and deals where they are missing; SourceBroken lists those that Zoho won't make."""
    for module in (ACCOUNTS.name, DEALS.name):
        missing = await _missing(module, call)
        for start in range(0, len(missing), AT_ONCE):
            wanted = [
                {"field_label": name.replace("_", " "), **FIELDS[name]}
                for name in missing[start : start + AT_ONCE]
            ]
            await call(
                Call(
                    "/settings/fields",
                    "POST",
                    query={"module": module},
                    json={"fields": wanted},
                    accept=(400, 401, 403),
                )
            )
        if missing and (missing := await _missing(module, call)):
            labels = ", ".join(f"{name.replace('_', ' ')} ({FIELDS[name]['data_type']})" for name in missing)
            raise SourceBroken(
                "zoho_crm.fields_missing",
                f"Zoho CRM lets us make no fields in {module}. These are missing: {labels}.",
                remedy="Make them there: Setup → Customization → Modules and Fields; or allow ZohoCRM.settings.fields.ALL.",
            )


async def write(batch: Sequence[WriteBack], call: Vendor) -> list[Written]:
    """Write a batch, a hundred records a call; what Zoho refuses has its problem beside it."""
    done: list[Written] = []
    groups: dict[str, list[WriteBack]] = {}
    for item in batch:
        if record_id(item.external_id) is None:
            done.append(Written(item, _not_there(item)))
        else:
            groups.setdefault(DEALS.name if item.kind == "deal" else ACCOUNTS.name, []).append(item)
    for module, items in groups.items():
        for start in range(0, len(items), BATCH):
            done += await _update(module, items[start : start + BATCH], call)
    return done


# ---- one batch -------------------------------------------------------------------------------------
async def _update(module: str, items: Sequence[WriteBack], call: Vendor) -> list[Written]:
    """Look at the records, since ours must not pass for a change by others, then write them."""
    ids = ",".join(dict.fromkeys(item.external_id for item in items))
    reply = await call(
        Call(f"/{module}", query={"ids": ids, "fields": f"Modified_Time,{STAMP}"}, accept=(400, 401, 403))
    )
    rows = [] if reply.status == 204 else as_list(answered(reply).get("data"))
    there = {found: row for row in map(as_object, rows) if (found := record_id(row.get("id")))}
    now = _time_of(reply)
    done = [Written(item, _not_there(item)) for item in items if item.external_id not in there]
    known = [item for item in items if item.external_id in there]
    if not known:
        return done
    data = [_entry(item, changed_at(there[item.external_id]), now) for item in known]
    # No workflow of the firm's is to start because of us.
    answer = await call(Call(f"/{module}", "PUT", json={"data": data, "trigger": []}, accept=(400, 401, 403)))
    body = answer.json()
    results = as_list(as_object(body).get("data"))
    if answer.status >= 300 and not results:
        answered(answer)
    for place, item in enumerate(known):
        result = as_object(results[place]) if place < len(results) else {}
        done.append(Written(item, _problem(result, item)))
    return done


def _entry(item: WriteBack, changed: datetime | None, now: datetime | None) -> dict[str, Any]:
    """One record of the call; a stage that we correct is a change like any other's, so that no stamp hides it."""
    entry = {"id": item.external_id, **_fields(item)}
    if item.kind == "deal" and item.word is not None:
        entry |= {"Stage": item.word, STAMP: None}
    elif changed is not None and now is not None:
        entry[STAMP] = stamp(changed, now)
    return entry


def _fields(item: WriteBack) -> dict[str, Any]:
    return {
        "Munshi_Outstanding": _major(item.outstanding, item.currency),
        "Munshi_Overdue": _major(item.overdue, item.currency),
        "Munshi_Overdue_Days": item.overdue_days,
        "Munshi_Status": item.status,
        "Munshi_Last_Receipt": None
        if item.last_receipt is None
        else _major(item.last_receipt, item.currency),
        "Munshi_Last_Receipt_On": item.last_receipt_on.isoformat() if item.last_receipt_on else None,
        "Munshi_Expected_On": item.expected_on.isoformat() if item.expected_on else None,
        "Munshi_Currency": item.currency,
        "Munshi_Link": item.url,
    }


def _major(minor: int, currency: str) -> int | float:
    """Write minor units as the JSON number that Zoho wants; to two decimals a float is exact far beyond any debt."""
    whole = Decimal(minor).scaleb(-currency_digits(currency))
    return int(whole) if whole == whole.to_integral_value() else float(whole)


def _problem(result: Mapping[str, Any], item: WriteBack) -> MunshiError | None:
    code, details = (text(result, "code") or "")[:60], as_object(result.get("details"))
    match code:
        case "SUCCESS":
            return None
        case "":
            return Retryable("zoho_crm.untold", "Zoho CRM didn't say what became of it.")
        case "INVALID_DATA" if details.get("api_name") == "id":
            return _not_there(item)
        case "RECORD_IN_BLUEPRINT" | "RECORD_LOCKED" | "NOT_APPROVED":
            return Rejected(
                "zoho_crm.locked",
                f"Zoho CRM keeps the record from being changed ({code}).",
                remedy="Change it there, in its blueprint or approval.",
            )
        case "NO_PERMISSION" | "NOT_ALLOWED":
            return Rejected(
                "zoho_crm.not_allowed",
                "The user whose access we have may not change this record.",
                remedy="Connect Zoho CRM as a user who may change all accounts and deals.",
            )
    place = text(details, "api_name")
    return Rejected(
        "zoho_crm.refused",
        f"Zoho CRM refused it ({code}{f', field {place[:60]}' if place else ''}).",
        remedy="See whether the field was changed or removed there.",
    )


def _not_there(item: WriteBack) -> NotFound:
    return NotFound(
        "zoho_crm.record_gone", f"Zoho CRM has no {item.kind} {item.external_id[:40]!r} any more."
    )


def _time_of(reply: Reply) -> datetime | None:
    """Return the vendor's own time, by its answer; without it our writing can't be told from others'."""
    try:
        at = parsedate_to_datetime(reply.headers.get("date", ""))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


async def _missing(module: str, call: Vendor) -> list[str]:
    reply = await call(Call("/settings/fields", query={"module": module}, accept=(400, 401, 403)))
    fields = as_list(answered(reply).get("fields"))
    there = {as_object(field).get("api_name") for field in fields}
    return [name for name in FIELDS if name not in there]
