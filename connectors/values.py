"""Values as vendors write them, read the same way for all: what isn't there, texts, links, telephones, times, accounts.

Pure, and without a word about any vendor: what only one of them does stays in its own folder.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kit.clock import IST
from kit.errors import Denied, Rejected, SourceBroken
from kit.json import read_json

MAX_TEXT = 2_000
"""Characters that we keep of a text."""
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""A time before the one, or from the other on, is no time of business."""
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9/_.\-]{1,38}[A-Za-z0-9]")
"""A word of a free text that may be a document's number, if there is a digit in it."""
MAX_WORDS = 20
_FIRST_SECOND, _LAST_SECOND = int(EARLIEST.timestamp()), int(LATEST.timestamp())
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")
_SEPARATOR = re.compile(r"[,;|\n]")
_BLANKS = re.compile(r"[\s()\-]")
_BLANKS_AND_DOTS = re.compile(r"[\s()\-.]")
_INVOICE_NOTE = re.compile(
    r"(?:our[ _-]?)?(?:tax[ _-]?)?(?:invoices?|inv|bills?)(?:[ _-]?(?:no|nos|num|number|numbers|id|ids|ref|reference))?\.?",
    re.IGNORECASE,
)


# ---- objects and lists -----------------------------------------------------------------------------
def read_object(body: bytes, what: str) -> dict[str, Any]:
    """Read a body that must be a JSON object; Rejected where it is none (`what`: "An answer of Acme")."""
    found = read_json(body)
    if not isinstance(found, dict):
        raise Rejected("schema.not_an_object", f"{what} is a JSON object.")
    return found


def as_object(value: Any) -> Mapping[str, Any]:
    """Return an object, empty where something else stands."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a list, empty where something else stands."""
    return value if isinstance(value, list) else []


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list; none where something else stands."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


# ---- texts -----------------------------------------------------------------------------------------
def trimmed(value: str) -> str | None:
    """Return a text without the blanks around it, cut to what we keep; None where nothing is left."""
    value = value.strip()
    return (value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 1] + "…") or None


def text(record: Mapping[str, Any], name: str) -> str | None:
    """Return a text member, trimmed and cut to what we keep; None for null, "", " " and other types."""
    value = record.get(name)
    return trimmed(value) if type(value) is str else None


def record_id(value: Any) -> str | None:
    """Return an id of up to 25 digits as text, whether it came as text or as a number; None for anything else."""
    if type(value) is int and 0 <= value < 10**25:
        return str(value)
    if type(value) is str and len(value) <= 25 and value.isascii() and value.isdigit():
        return value
    return None


def address(value: Any) -> str | None:
    """Return a link that can be opened; None for anything else."""
    return value if type(value) is str and _ADDRESS.fullmatch(value) else None


def phone(given: str | None) -> str | None:
    """Write +91 before an Indian mobile number as people type it (0 before it, dots, blanks); leave others as they are."""
    if given is None:
        return None
    bare = _BLANKS_AND_DOTS.sub("", given)
    digits = bare.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return given
    if len(digits) == 11 and digits[0] == "0" and digits[1] in "6789":
        digits = digits[1:]
    if len(digits) == 10 and digits[0] in "6789":
        return f"+91{digits}"
    return f"+{digits}" if bare != digits or (len(digits) == 12 and digits.startswith("91")) else given


def checkout_phone(given: str | None) -> str | None:
    """Write +91 before an Indian mobile number as a checkout takes it; of others, leave out blanks and brackets."""
    if given is None:
        return None
    digits = _BLANKS.sub("", given)
    bare = digits.removeprefix("+")
    if not bare.isascii() or not bare.isdigit():
        return given
    if len(bare) == 10 and bare[0] in "6789":
        return f"+91{bare}"
    return f"+{bare}" if len(bare) == 12 and bare.startswith("91") else digits


# ---- numbers of documents --------------------------------------------------------------------------
def numbers(given: str | None) -> list[str]:
    """Return the document numbers of a text, each once, parted by comma, semicolon, bar or line."""
    parts = (part.strip()[:60] for part in _SEPARATOR.split(given or ""))
    return list(dict.fromkeys(part for part in parts if part))


def noted_numbers(*notes: Any) -> list[str]:
    """Return the numbers under keys like invoice, invoice_number, bill no of people's notes; several parted by commas."""
    found: list[str] = []
    for held in notes:
        if not held or not isinstance(held, dict):
            continue
        for key, value in held.items():
            if isinstance(key, str) and _INVOICE_NOTE.fullmatch(key.strip()):
                written = str(value) if type(value) is int else value if isinstance(value, str) else ""
                found.extend(part.strip()[:60] for part in _SEPARATOR.split(written) if part.strip())
    return found


def number_words(told: str | None, *, own_id: re.Pattern[str]) -> list[str]:
    """Return the words with a digit in them that may be the number of a bill; never the vendor's own ids."""
    return [
        word
        for word in WORD.findall(told or "")
        if any(c.isdigit() for c in word) and not own_id.fullmatch(word)
    ]


# ---- times -----------------------------------------------------------------------------------------
def unix_moment(value: Any) -> datetime | None:
    """Read unix seconds; None for null, 0, and whatever isn't a time."""
    if type(value) is not int or not _FIRST_SECOND <= value < _LAST_SECOND:
        return None
    return datetime.fromtimestamp(value, UTC)


def unix_day(value: Any, zone: ZoneInfo) -> str | None:
    """Write unix seconds as the calendar's day in `zone`."""
    at = unix_moment(value)
    return at.astimezone(zone).date().isoformat() if at else None


def zone_of(settings: Mapping[str, Any]) -> ZoneInfo:
    """Return the business's timezone; Rejected if the settings name one that isn't there."""
    name = settings.get("timezone")
    if not name:
        return IST
    try:
        return ZoneInfo(name)
    except (KeyError, TypeError, ValueError, OSError):
        raise Rejected(
            "settings.timezone",
            f"{str(name)[:40]!r} is not a timezone.",
            remedy="Correct the source's settings.",
        ) from None


# ---- bank accounts ---------------------------------------------------------------------------------
def account_key(account: str) -> str:
    """Reduce an account to what every writing of it shows: its last four digits, masked or not."""
    digits = re.findall(r"\d{3,}$", account)
    return digits[0][-4:] if digits else account


def masked(account: str) -> str:
    """Return an account as it may be shown."""
    return f"··{account_key(account)}"


def agree(one: str, other: str) -> bool:
    """Return whether two accounts, either of them masked or not, end in the same digits."""
    tails = [(re.findall(r"\d+$", account) or [""])[0] for account in (one, other)]
    length = min(len(tail.lstrip("0")) for tail in tails)
    if length == 0:
        return one.casefold() == other.casefold()
    return bool(tails[0][-length:] == tails[1][-length:])


# ---- our fields ------------------------------------------------------------------------------------
def put(data: dict[str, Any], name: str, value: Any) -> None:
    """Set a field, unless there is nothing to say."""
    if value is not None and value != {}:
        data[name] = value


def filled(**fields: Any) -> dict[str, Any]:
    """Return the fields that say something: not those that are None, "", [] or {}."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def filled_texts(**fields: str | None) -> dict[str, str]:
    """Return the fields that hold something, where all of them are texts."""
    return {name: value for name, value in fields.items() if value}


def refer(references: dict[str, list[str]], name: str, values: Iterable[str | None]) -> None:
    """Set a list of references: each once, in the order given; none at all leaves the list out."""
    if found := dict.fromkeys(filter(None, values)):
        references[name] = list(found)


def digest_of(said: Any, *, length: int) -> str:
    """Digest what is said (plain data, times and Decimals) to hex digits: the same for what hasn't changed."""
    told = json.dumps(said, sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()[:length]


# ---- the vendor ------------------------------------------------------------------------------------
def check_token(given: str, *, secrets: Sequence[str]) -> None:
    """Raise Denied unless a call that isn't signed repeats one of the secrets."""
    matched = False
    for secret in secrets:
        if secret:
            matched |= hmac.compare_digest(secret.encode(), given.encode("utf-8", "surrogatepass"))
    if not matched:
        raise Denied("signature.wrong", "The token is not of this source's secret.")


def paging_loop(vendor: str, stream: str) -> SourceBroken:
    """Return the error to raise where a vendor gives the same page of a stream again: a fetch must end."""
    return SourceBroken(
        "vendor.paging_loop",
        f"{vendor} gives the same page of {stream} again and again.",
        remedy="Tell whoever looks after the connector.",
    )
