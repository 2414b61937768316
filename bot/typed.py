"""What people type when they are asked for an amount, a day or a transfer's number: as Indians write it, in any script."""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal

from bot.words import clean
from kit.money import MAX_MINOR, currency_digits

_LONGEST = 80
_LETTER = r"(?:[^\W\d_]|[\u0900-\u0963\u0970-\u097f])"
"""A letter, the vowel signs of Devanagari among them, which count as no letters otherwise."""


def _words(text: str) -> tuple[str, ...]:
    """Split words that are looked up, in the one form in which typed ones come (ढ़ is written in two ways)."""
    return tuple(unicodedata.normalize("NFC", text).split())


_UNITS: dict[str, int] = {
    **dict.fromkeys(_words("crore crores cr crs karod karor करोड़ करोड"), 10_000_000),
    **dict.fromkeys(_words("lakh lakhs lac lacs l लाख"), 100_000),
    **dict.fromkeys(_words("thousand k hazaar hazar hajaar hajar हज़ार हजार"), 1_000),
    **dict.fromkeys(_words("hundred sau सौ"), 100),
}
_PAISE = 2
_HALF_MORE = frozenset(_words("saade sade saadhe साढ़े साढे"))
_SAID: dict[str, Decimal] = {
    word: Decimal(value)
    for value, words in {
        "0.5": "aadha adha आधा half", "1.25": "sava sawa सवा", "1.5": "dedh derh डेढ़ डेढ", "2.5": "dhai dhaai ढाई",
        "1": "ek एक one", "2": "do दो two", "3": "teen तीन three", "4": "char chaar चार four",
        "5": "panch paanch पाँच पांच five", "6": "chhe chhah chah छह छः छे six", "7": "saat सात seven",
        "8": "aath आठ eight", "9": "nau नौ nine", "10": "das दस ten", "11": "gyarah ग्यारह eleven",
        "12": "barah बारह twelve", "15": "pandrah pandra पंद्रह पन्द्रह fifteen", "20": "bees बीस twenty",
        "25": "pachees pachis पच्चीस", "30": "tees तीस thirty", "40": "chalis chaalis चालीस forty",
        "50": "pachas pachaas पचास fifty", "60": "साठ sixty", "70": "sattar सत्तर seventy",
        "75": "pachhattar पचहत्तर", "80": "assi अस्सी eighty", "90": "nabbe नब्बे ninety",
    }.items()
    for word in _words(words)
}  # fmt: skip
_RUPEES = re.compile(
    rf"₹|(?<!{_LETTER})(?:rs|inr|rupees?|rupaye|rupaiye|rupya|रुपये|रुपए|रुपया|रु)(?!{_LETTER})\.?|/-|/="
)
_FIGURE = r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?|\d+(?:\.\d+)?"
_PART = re.compile(rf"({_FIGURE})|({_LETTER}+)")

_MONTHS = (
    "jan january जनवरी जन", "feb february फ़रवरी फरवरी", "mar march मार्च", "apr april अप्रैल", "may मई", "jun june जून",
    "jul july जुलाई", "aug august अगस्त", "sep sept september सितंबर सितम्बर", "oct october अक्टूबर अक्तूबर",
    "nov november नवंबर नवम्बर", "dec december दिसंबर दिसम्बर",
)  # fmt: skip
_MONTH_OF = {word: number for number, words in enumerate(_MONTHS, 1) for word in _words(words)}
_WEEKDAYS = (
    "monday mon somvar somwar सोमवार सोम", "tuesday tue tues mangalvar mangalwar mangal मंगलवार मंगल",
    "wednesday wed budhvar budhwar budh बुधवार बुध",
    "thursday thu thur thurs guruvar guruwar brihaspativar veervar veerwar गुरुवार गुरूवार वीरवार बृहस्पतिवार गुरु",
    "friday fri shukravar shukrawar shukra शुक्रवार शुक्र", "saturday sat shanivar shaniwar shani शनिवार शनि",
    "sunday sun ravivar raviwar itvar itwar रविवार इतवार रवि",
)  # fmt: skip
_WEEKDAY_OF = {word: number for number, words in enumerate(_WEEKDAYS) for word in _words(words)}
_FIXED = {
    **dict.fromkeys(("today", "aaj", "आज", "now", "abhi", "अभी"), 0),
    **dict.fromkeys(("tomorrow", "tmrw", "tomorow"), 1),
    **dict.fromkeys(("yesterday",), -1),
    **dict.fromkeys(("day before yesterday", "day before"), -2),
    **dict.fromkeys(("day after tomorrow", "day after"), 2),
}
_EITHER_WAY = {**dict.fromkeys(("kal", "कल"), 1), **dict.fromkeys(("parso", "parson", "परसों", "परसो"), 2)}
"""Hindi says the same word of the day before and the day after: what is asked for decides."""
_SPAN = {
    **dict.fromkeys(_words("day days din दिन"), 1),
    **dict.fromkeys(_words("week weeks hafte hafta हफ़्ते हफ्ते हफ़्ता हफ्ता"), 7),
}
_FILLERS = frozenset(
    _words(
        "next agle agla अगले अगला coming this is इस on by till tak तक ko को in of the date tarikh tareekh तारीख तारीख़"
        " baad बाद mein me में after"
    )
)
_AGO = frozenset(_words("ago back pehle pahle पहले"))
_UTR = re.compile(r"[A-Z]{4}[A-Z0-9]{12}|[A-Z]{4}R[A-Z0-9]{17}|[A-Z]{4}[A-Z0-9]{18}|[A-Z]\d{15}|\d{12}")
_FEWEST_DIGITS = 6
"""A word of sixteen letters is no transfer's number."""
AHEAD, BEHIND, NEAR = "ahead", "behind", "near"
"""Which day is meant where the year, the month or the week isn't said: the next, the last, or the nearest one."""


def plain(text: str) -> str:
    """Return typed text in one form: small letters, digits 0–9 whatever the script, single spaces."""
    flat = unicodedata.normalize("NFKC", clean(text[: _LONGEST * 4]))[:_LONGEST]
    digits = (
        str(unicodedata.digit(letter)) if unicodedata.category(letter) == "Nd" else letter for letter in flat
    )
    return unicodedata.normalize("NFC", "".join(digits).casefold()).strip()


def amount(text: str) -> int | None:
    """Read an amount in rupees as paise: `48,020`, `48020.50`, `1.5 lakh`, `50k`, `48 hazaar`, `डेढ़ लाख`.

    None where it is none, or may be another: a comma in no place where one stands, thirds of a paisa, nothing at all.
    """
    rest = _RUPEES.sub(" ", plain(text)).strip()
    parts = _PART.findall(rest)
    if not parts or _PART.sub("", rest).strip():
        return None
    found = _summed([figure.replace(",", "") or word for figure, word in parts])
    if found is None:
        return None
    paise = found * 100
    if paise != paise.to_integral_value() or not 0 < paise <= MAX_MINOR:
        return None
    return int(paise)


def in_minor(paise: int, currency: str) -> int | None:
    """Return what was read as paise in the minor units of a currency; None where it has none so small."""
    minor, rest = divmod(paise * 10 ** currency_digits(currency), 100)
    return minor if minor and not rest else None


def minor(text: str, currency: str) -> int | None:
    """Read an amount of some currency, as `amount` does, in its minor units."""
    paise = amount(text)
    return in_minor(paise, currency) if paise is not None else None


def _summed(parts: list[str]) -> Decimal | None:
    """Add up `2 lakh 30 hazaar 500`: each unit is smaller than the one before."""
    total, left, smallest = Decimal(0), list(parts), 10**12
    while left:
        half = left[0] in _HALF_MORE and len(left) > 2
        if half:
            del left[0]
        said = left.pop(0)
        figure = _figure(said)
        if figure is None:
            return None
        if half:
            figure += Decimal("0.5")
        unit = 1
        while left and left[0] in _UNITS:  # "do sau", and "5 lakh crore" has two units: only the first counts
            if unit > 1:
                return None
            unit = _UNITS[left.pop(0)]
        # "1 lakh 20" may mean 1.2 lakh: a rest in rupees has three digits.
        if unit >= smallest or (total and unit == 1 and figure < 100):
            return None
        if unit == 1 and len(said.partition(".")[2]) > _PAISE:  # "48.020" may be forty-eight thousand
            return None
        total, smallest = total + figure * unit, unit
    return total


def _figure(part: str) -> Decimal | None:
    if part[0].isdigit():
        return Decimal(part)
    return _SAID.get(part)


def day(text: str, today: date, *, meant: str = AHEAD) -> date | None:
    """Read a day, day before month: `18/11`, `18 nov`, `25th`, `monday`, `next week`, `kal`, `25 तारीख`; None if it is none."""
    said = plain(text).strip(" .,!?")
    sign = -1 if meant == BEHIND else 1
    if said in _FIXED:
        return today + timedelta(days=_FIXED[said])
    if said in _EITHER_WAY:
        return today + timedelta(days=sign * _EITHER_WAY[said])
    if found := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", said):
        return _made(int(found[1]), int(found[2]), int(found[3]))
    words = re.findall(rf"\d+|{_LETTER}+", said)
    if re.search(r"\b\d+(?:st|nd|rd|th)\b", said):
        words = [word for word in words if word not in ("st", "nd", "rd", "th")]
    if words[:1] in (["next"], ["agle"], ["अगले"]) and words[1:] and words[1] in _SPAN and len(words) == 2:
        return today + timedelta(days=7) if _SPAN[words[1]] == 7 else None
    if words in (["month", "end"], ["mahine", "ke", "end"], ["end", "of", "month"], ["महीने", "के", "अंत"]):
        return today.replace(day=calendar.monthrange(today.year, today.month)[1])
    core = [word for word in words if word not in _FILLERS]
    if not 1 <= len(core) <= 3 or len(words) > 6:
        return None
    return _counted(core, today, sign) or _weekday(core, today, sign) or _dated(core, today, meant)


def _counted(core: list[str], today: date, sign: int) -> date | None:
    back = [word for word in core if word in _AGO]
    rest = [word for word in core if word not in _AGO]
    if len(rest) != 2 or rest[1] not in _SPAN or (sign < 0 and not back):
        return None
    many = int(rest[0]) if rest[0].isdigit() else int(_SAID.get(rest[0], Decimal(0)))
    days = many * _SPAN[rest[1]]
    return today + timedelta(days=-days if back else days) if 0 < days <= 366 else None


def _weekday(core: list[str], today: date, sign: int) -> date | None:
    if len(core) != 1 or core[0] not in _WEEKDAY_OF:
        return None
    ahead = (_WEEKDAY_OF[core[0]] - today.weekday()) % 7 or 7
    return today + timedelta(days=ahead if sign > 0 else (ahead - 7 or -7))


def _dated(core: list[str], today: date, meant: str) -> date | None:
    if len(core) == 2 and core[0] in _MONTH_OF:  # "nov 18"
        core = [core[1], core[0]]
    if not core[0].isdigit() or len(core[0]) > 2:
        return None
    number = int(core[0])
    if len(core) == 1:
        return _nearest([_made(*_month(today, shift), number) for shift in (-1, 0, 1, 2)], today, meant)
    month = _MONTH_OF.get(core[1]) or (int(core[1]) if core[1].isdigit() and len(core[1]) <= 2 else 0)
    if len(core) == 3:
        if not core[2].isdigit() or len(core[2]) not in (2, 4):
            return None
        return _made(int(core[2]) + (2000 if len(core[2]) == 2 else 0), month, number)
    years = (today.year - 1, today.year, today.year + 1)
    return _nearest([_made(year, month, number) for year in years], today, meant)


def _month(today: date, shift: int) -> tuple[int, int]:
    year, month = divmod(today.year * 12 + today.month - 1 + shift, 12)
    return year, month + 1


def _nearest(days: list[date | None], today: date, meant: str) -> date | None:
    found = [one for one in days if one is not None]
    if meant == AHEAD:
        found = [one for one in found if one >= today]
    elif meant == BEHIND:
        found = [one for one in found if one <= today]
    return min(found, key=lambda one: abs(one - today), default=None)


def _made(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def day_and_amount(text: str, today: date) -> tuple[date | None, int | None]:
    """Read a day that may have an amount behind or before it: `friday 50k`, `50,000 by 25th`."""
    if (found := day(text, today)) is not None:
        return found, None
    words = plain(text).split()
    for place in range(1, len(words)):
        head, tail = " ".join(words[:place]), " ".join(words[place:])
        for one, other in ((head, tail), (tail, head)):
            on, sum_ = day(one, today), amount(other)
            if on is not None and sum_ is not None:
                return on, sum_
    return None, None


def utr(text: str) -> str | None:
    """Find a transfer's number in typed words: a UTR of 16 or 22 characters, or the 12 digits of UPI and IMPS."""
    flat = plain(text).upper()
    words: list[str] = re.findall(r"[A-Z0-9]+", flat)
    for word in (re.sub(r"[\s\-:.]", "", flat), *words):
        if _UTR.fullmatch(word) and sum(letter.isdigit() for letter in word) >= _FEWEST_DIGITS:
            return word
    return None


def cheque_number(text: str) -> str | None:
    """Read a cheque's number: its digits as printed, usually six."""
    found = re.sub(r"[\s\-#]|no\.?|cheque|chq", "", plain(text))
    return found if re.fullmatch(r"\d{3,12}", found) else None
