"""A forwarded word of a customer that he has paid: an amount, a transfer's number, who, when. Pure.

What he sends is the bank's SMS, the text that a UPI app shares, or a line of his own in English, Hindi or Hinglish.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

from kit.errors import Rejected
from kit.money import MAX_MINOR, parse_minor

_LONGEST = 2_000
_FARTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class PaidMessage:
    """What a message says of a payment: `amount` in paise, `number` the UTR or UPI reference, `payer` as it is named.

    Whatever it doesn't say is None; amount or number there is. `method` is `upi` or `bank`.
    """

    amount: int | None
    number: str | None
    method: str
    payer: str | None
    paid_on: date | None


def paid_message(text: str, *, today: date | None = None) -> PaidMessage | None:
    """Return what a message says of a payment made to us; None if it is anything else (a question, a plan, a search).

    `today` is the day in the business's calendar, for “today”, “kal” and days without a year.
    """
    plain = _plain(text)
    if not plain or _ELSE.search(plain) or not (_PAID.search(plain) or _RECEIPT.search(plain)):
        return None
    sender, words = _sender(plain)
    number = _number(words)
    amount = _amount(words if number is None else words.replace(number, " "))
    if amount is None and number is None:
        return None
    method = "upi" if _UPI.search(words) else "bank"
    return PaidMessage(amount, number, method, _payer(words) or sender, _day(words, today))


def _plain(text: str) -> str:
    kept = unicodedata.normalize("NFKC", text[:_LONGEST])
    digits = (str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c for c in kept)
    return re.sub(r"[ \t\u200b-\u200f\u2060\ufeff]+", " ", "".join(digits)).strip()


# ---- is it one at all --------------------------------------------------------------------------------
_PAID = re.compile(
    r"\b(?:paid|sent|send|transfer+ed|remitted|deposited|credited|debited|dr|cr|payment (?:done|made|success\w*|of|sent)"
    r"|(?:done|made) (?:the )?payment|transfer (?:done|kiya|kar diya|kr diya)|(?:bhej|bhejh|daal|dal|kar|kr|de) (?:di|diya|diye|dia|diyaa|chuka|chuke)"
    r"|bheja|bheje|bhej(?:wa)? diya|karwa diya|received|neft|rtgs|imps)\b"
    r"|भेज दि|भेजा|भेजे|कर दि|डाल दि|दे दि|जमा कर|ट्रांसफर|पेमेंट (?:कर|हो)",
    re.IGNORECASE,
)
_RECEIPT = re.compile(
    r"\b(?:upi transaction id|upi ref|utr|transaction (?:successful|id)|txn id|rrn)\b", re.IGNORECASE
)
_ELSE = re.compile(
    r"\?\s*$|\bcash\b|\bnakad\b|\bche(?:que|ck)\b|नकद|चेक|\botp\b|one.time.password|\bfail(?:ed|ure)?\b|declin|\brevers(?:ed|al)\b|\brefund|\bcould ?n.t\b"
    r"|\bnot (?:yet )?(?:paid|sent|done|received|credited|transferred|made)\b|\b(?:has|have|did|do|was|is)n.?t\b"
    r"|\bun(?:paid|successful)\b|\bwill (?:be )?(?:pay|paid|send|sent|transfer\w*|deposit\w*|credit\w*|debit\w*|do|make)\b|\bplease (?:pay|send|transfer|clear)"
    r"|\bpay(?:ment)?\b[^.\n]{0,30}\b(?:pending|due|link)\b|\brequest(?:ed|s|ing)?\b(?! id)|\bdue (?:date|on)\b|\bbounced?\b"
    r"|\bnahi+n?\b|\bnhi\b|\bnai\b|\b(?:bhej|kar|kr|de|daal|dal) ?(?:dunga|doonga|denge|dege|dena|do|dijiye|dijie|deta|dete|raha|rahe)\b"
    r"|\bkarunga\b|\bkarenge\b|\bkisne\b|\bkitna\b|\bkitne\b|\bkab\b|\bkya\b|\bkaun\b"
    r"|\b(?:who|when|how much|what|which|did|does|has anyone|show|list)\b.*\b(?:paid|sent|payment|received)\b"
    r"|नहीं|नही|दूंगा|दूँगा|देंगे|करेंगे|करूंगा|किसने|कितना|कब|क्या",
    re.IGNORECASE,
)
_UPI = re.compile(
    r"\b(?:upi|g ?pay|google ?pay|phone ?pe|paytm|bhim|vpa|amazon pay|cred)\b|[\w.\-]+@(?!\w+\.\w)[a-z]{2,}",
    re.IGNORECASE,
)

# ---- who wrote it -------------------------------------------------------------------------------------
_HEADER = re.compile(
    r"^\[?\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2,4},? \d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[ap]\.?m\.?)?\]?\s?(?:[-–]\s)?"
    r"(?P<name>[^:\n]{2,60}): ?(?P<words>.+)$",
    re.IGNORECASE | re.DOTALL,
)


def _sender(text: str) -> tuple[str | None, str]:
    """Return who wrote a message that was copied with its head (`[18/11/26, 10:12 am] Sharma Traders: …`)."""
    found = _HEADER.match(text)
    if found is None:
        return None, text
    name = _name(found["name"].lstrip("~ "))
    return name, found["words"]


# ---- the transfer's number ------------------------------------------------------------------------------
_LABEL = re.compile(
    r"\b(?:utr|rrn|upi(?= ?[:#])|upi (?:ref(?:erence)?|txn|transaction)|(?:neft|rtgs|imps)(?: ref(?:erence)?)?|ref(?:erence)?(?: id)?|(?:bank )?ref(?:erence)?"
    r"|txn|transaction|trans)(?:[ .]*(?:ref(?:erence)?))?(?:[ .]*(?:no|number|num|id))?[ .]*[:#=\-]*[ \n]*(?:is |hai )?"
    r"(?P<id>[A-Z0-9]{8,22})\b",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"\b(?:[A-Z]{4}[A-Z0-9]\d{11}(?:\d{6})?|[A-Z]{5}\d{11,17}|[A-Z]\d{15}|[A-Z]{4}R\w{17})\b", re.IGNORECASE
)
_TWELVE = re.compile(r"(?<![\w@.\-/*])\d{12}(?![\w@.\-/])")


def _number(text: str) -> str | None:
    """Return a UTR or UPI reference: one that is called so first, then what can't be anything else."""
    named = [m for m in _LABEL.finditer(text) if _is_reference(m["id"])]
    named.sort(key=lambda m: not m[0].casefold().startswith(("utr", "rrn", "upi")))
    if named:
        return named[0]["id"].upper()
    for found in (*_BARE.finditer(text), *_TWELVE.finditer(text)):
        if _is_reference(found[0]) and not re.fullmatch(r"91[6-9]\d{9}", found[0]):
            return found[0].upper()
    return None


def _is_reference(word: str) -> bool:
    digits = sum(c.isdigit() for c in word)
    return (len(word) in (12, 16, 22) and digits >= 6) or (
        len(word) >= 10 and digits >= 8 and not word.isdigit()
    )


# ---- the amount -------------------------------------------------------------------------------------------
_WORDS = {"k": 1_000, "hazar": 1_000, "hazaar": 1_000, "hajar": 1_000, "thousand": 1_000, "हज़ार": 1_000, "हजार": 1_000,
          "lakh": 100_000, "lac": 100_000, "lakhs": 100_000, "lacs": 100_000, "l": 100_000, "लाख": 100_000,
          "cr": 10_000_000, "crore": 10_000_000, "करोड़": 10_000_000}  # fmt: skip
_FIGURE = r"(?P<figure>\d[\d,]*(?:\.\d{1,2})?)"
_UNIT = r"\s?(?P<unit>" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")\b"
_MARKED = (
    re.compile(r"(?:₹|\brs\.?|\binr|रु\.?|रुपये)\s?[.:]?\s?" + _FIGURE + f"(?:{_UNIT})?", re.IGNORECASE),
    re.compile(
        r"(?<![\w.])" + _FIGURE + f"(?:{_UNIT})?" + r"\s?(?:/-|₹|rs\b|rupees|rupaye|rupay|inr\b|रुपये|रु)",
        re.IGNORECASE,
    ),
    re.compile(r"(?<![\w.])" + _FIGURE + _UNIT, re.IGNORECASE),
)
_UNMARKED = re.compile(r"(?<![\w.@/\-:#*])" + _FIGURE + r"(?![\w@/\-:]|\.\d)")
_STANDING = re.compile(
    r"(?:bal(?:ance)?|avl|available|limit|total due|outstanding|baki|baaki)[^\d₹]{0,25}(?:₹|rs\.?|inr)?\s?$",
    re.IGNORECASE,
)


def _amount(text: str) -> int | None:
    """Return the amount in paise: one with ₹, Rs or lakh first, never the balance that is left."""
    for pattern in _MARKED:
        for found in pattern.finditer(text):
            if not _STANDING.search(text[: found.start()]):
                return _minor(found["figure"], found["unit"])
    figures = [
        _minor(found["figure"], None)
        for found in _UNMARKED.finditer(_without_days(text))
        if 3 <= len(found["figure"].replace(",", "").split(".")[0]) <= 9
        and not re.fullmatch(r"(?:19|20)\d\d", found["figure"])
        and not _STANDING.search(_without_days(text)[: found.start()])
    ]
    return figures[0] if figures else None


def _minor(figure: str, unit: str | None) -> int | None:
    try:
        minor = parse_minor(figure.replace(",", ""))
    except Rejected:
        return None
    minor *= _WORDS[unit.casefold()] if unit else 1
    return minor if 0 < minor <= MAX_MINOR else None


# ---- who pays ------------------------------------------------------------------------------------------------
_NOUN = r"[^\W\d_][\w\u0900-\u097f&.'’ \-]{1,58}?"
_END = r"(?=\s*(?:$|[\n,;:(/|]|\.\s|\.$|-\s|\b(?:on|via|by|through|to|from|for|ref|utr|upi|using|dated|dt|ne|has|have|is|in|into|against|towards|a/c|ac|neft|rtgs|imps|vpa|with|at|rs|inr|amount|thank\w*)\b|₹|\d))"
_NAMED = (
    re.compile(rf"\b(?:from|sender(?: name)?|paid by|sent by|remitter|debited from|b/o)\s?[:\-]?\s+(?:m/s\.? |mr\.? )?(?P<name>{_NOUN}){_END}", re.IGNORECASE),
    re.compile(rf"(?:^|[\n.,] ?)(?P<name>{_NOUN}) (?:ne|ji ne|ने)(?=\s)", re.IGNORECASE),
    re.compile(rf"(?:^|\n)(?P<name>{_NOUN}) (?:has |have |had )?(?:paid|sent|transferred|remitted|deposited)\b", re.IGNORECASE),
    re.compile(rf"(?:^|\n)(?P<name>{_NOUN}) (?:se|से)(?=\s)", re.IGNORECASE),
    re.compile(r"(?:^|\n|[Rr]egards,?\s+|[Tt]hanks,?\s+|[-–] )(?P<name>(?:M/s\.? )?[A-Z][\w&.' ]{2,50}(?:Traders|Steel|Stores?|Enterprises|Agenc\w+|Industries|Textiles|Brothers|Bros|Sons|Pvt\.? Ltd\.?|Ltd\.?|LLP|& Co\.?))\s*$", re.MULTILINE),
)  # fmt: skip
_NO_NAME = re.compile(
    r"^(?:your?|our|my|the|a/c|ac|acct?|account|bank|you|we|i|it|he|she|they|sir|bhai|bhaiya|hum|humne|maine|mera|mere|money|amount|payment|upi|"
    r"neft|rtgs|imps|rs|inr|google|phonepe|paytm|gpay|hi|hello|dear|ok|aaj|kal|today|yesterday|this|that|done|xx+\w*|hdfc|icici|sbi|axis|kotak|"
    r"maine|meine|unhone|usne|inhone|hamne|ham|successfully|amt|customer|just|also|already|have|has|is|been|हमने|मैंने|आज|कल)\b",
    re.IGNORECASE,
)


def _payer(text: str) -> str | None:
    for pattern in _NAMED:
        for found in pattern.finditer(text):
            name = _name(found["name"])
            if name is not None:
                return name
    return None


def _name(words: str) -> str | None:
    """Return words fit for a name; None for `your a/c`, a phone number, an account."""
    name = re.sub(r"\s+", " ", words).strip(" .,-–:'’")
    name = re.sub(r"^(?:m/s\.?|messrs\.?|mr\.?|shri) ", "", name, flags=re.IGNORECASE)
    name = re.sub(r" (?:ji|bhai|sir|sahab|wale)$", "", name, flags=re.IGNORECASE)
    letters = sum(c.isalpha() for c in name)
    if letters < 3 or sum(c.isdigit() for c in name) > 4 or "@" in name or _NO_NAME.match(name):
        return None
    return name[:60]


# ---- when ---------------------------------------------------------------------------------------------------
_MONTHS = {m: n for n, m in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}  # fmt: skip
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DAYS = (
    re.compile(r"(?<![\d/])(?P<day>\d{1,2})[/.\-](?P<number>\d{1,2})[/.\-](?P<year>\d{4}|\d{2})(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ \-]?{_MONTH}[ ,\-]*(?P<year>20\d\d|\d\d(?![\d:]))?",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<year>20\d\d))?(?!\d)", re.IGNORECASE
    ),
)
_TODAY = re.compile(r"\b(?:today|aaj|just now|abhi)\b|आज|अभी", re.IGNORECASE)
_YESTERDAY = re.compile(r"\b(?:yesterday|kal)\b|कल", re.IGNORECASE)


def _without_days(text: str) -> str:
    for pattern in _DAYS:
        text = pattern.sub(" ", text)
    return text


def _day(text: str, today: date | None) -> date | None:
    """Return the day that is said; one that hasn't come yet, or was more than a year ago, is a misreading."""
    for pattern in _DAYS:
        for found in pattern.finditer(text):
            day = _made(found.groupdict(), today)
            if day is not None:
                return day
    if today is None:
        return None
    if _TODAY.search(text):
        return today
    return today - timedelta(days=1) if _YESTERDAY.search(text) else None


def _made(parts: dict[str, str | None], today: date | None) -> date | None:
    month = _MONTHS[str(parts["month"])[:3].casefold()] if parts.get("month") else int(parts["number"] or 0)
    year = int(parts["year"] or 0) if parts.get("year") else today.year if today is not None else 0
    try:
        day = date(year + 2000 if 0 < year < 100 else year, month, int(parts["day"] or 0))
    except ValueError:
        return None
    if today is not None and not parts.get("year") and day > today:
        day = day.replace(year=day.year - 1)
    if today is not None and not today - _FARTHEST <= day <= today:
        return None
    return day
