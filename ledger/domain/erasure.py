"""Taking a person out of what was said: pure. Amounts, days, numbers and identities stay; his names and addresses go.

What is taken: names, phones, e-mail addresses, postal addresses, contacts, bank accounts and VPAs of payers, links to
his records, and each of these wherever a text repeats it (narrations, notes). What stays: GSTIN, PAN and TAN, which
tax law asks to be kept with the bills; states of addresses; and ids of records, unless an id is his name.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.domain.events import ERASED, OPERATOR
from ledger.domain.keys import party_subject

_DROPPED = ("phone", "email", "address", "addresses", "contacts", "url", "designation")
_HANDLES = ("vpa", "account")
_SAID = ("text", "note", "reason", "author", "filename")
"""What people wrote of him goes as a whole: they may call him anything."""
_OTHERS = ("party", "payer", "payee", "name", "contacts", "addresses", "references")
_WORDS = ("name", "phone", "email", *_HANDLES)
_TOKEN = re.compile(r"[^\W_]+")
_LEAST, _LEAST_CUT = 4, 8
"""Letters of a word that is looked for within words, and what at least is left of one that a bank has cut short."""
_LEAST_ALONE = 2
"""Letters of a name that is looked for where it stands alone."""
_MOST = 100
"""Letters that are looked for at once; of a longer word one piece after another is, so that no name makes this slow."""
_LETTER = r"[^\W\d_]"
_GAP = r"[\W_]{0,3}"
_NEVER = r"(?!)"


@dataclass(slots=True)
class Person:
    """Whom to take out: what he is called instead, his identities, and all that he is called and reached by."""

    alias: str
    subjects: frozenset[UUID]
    salt: bytes
    """Of one erasure, and never kept: equal accounts stay equal, and nobody finds out which they were."""
    words: set[str] = field(default_factory=set)
    _pattern: re.Pattern[str] | None = None
    _whole: re.Pattern[str] | None = None

    def learn(self, said: Mapping[str, Any]) -> None:
        """Take what one object says of him: a party, a payer, a contact."""
        self._pattern = self._whole = None
        for name in _WORDS:
            if isinstance(value := said.get(name), str) and value.strip() not in ("", self.alias):
                self.words.add(value.strip())
        for contact in said.get("contacts") or ():
            self.learn({name: contact.get(name) for name in _WORDS})
        for place in (said.get("address"), *(one.get("lines") for one in said.get("addresses") or ())):
            if isinstance(place, str) and len(place.strip()) >= _LEAST_CUT:
                self.words.add(place.strip())

    def names(self, source: str, party: Any) -> bool:
        """Whether a `party` object of a source's event is he."""
        return (
            source != OPERATOR
            and isinstance(party, dict)
            and bool(party.get("id") or party.get("name"))
            and party_subject(source, party) in self.subjects
        )

    def scrub(self, text: str) -> str:
        """Return a text in which his words are replaced, however a bank has spaced or cut them."""
        if self._pattern is None:
            self._pattern = _pattern_of(self.words)
        return self._pattern.sub(self.alias, text) if self.words else text

    def is_told_in(self, text: str) -> bool:
        """Whether a text that isn't known to be about him tells of him all the same: by a whole long word of his."""
        if self._whole is None:
            self._whole = _whole_of(self.words)
        return self._whole.search(text) is not None

    def handle(self, value: str) -> str:
        """Return what stands for an account or VPA: the same for the same."""
        return f"erased-{hashlib.sha256(self.salt + value.casefold().encode()).hexdigest()[:16]}"


def without(
    source: str, kind: str, data: Mapping[str, Any], person: Person, *, subject: UUID
) -> dict[str, Any]:
    """Return the body of one event (of the identity `subject`) without him; a body that isn't of him stays as it is."""
    own = kind == "party" and subject in person.subjects
    made: dict[str, Any] = {}
    for name, value in data.items():
        if own and name in ("name", *_DROPPED):
            continue
        if source == OPERATOR and name in _SAID and isinstance(value, str):
            made[name] = person.alias
            continue
        if name == "party" and isinstance(value, dict):
            made[name] = _party(source, value, person)
        elif name in ("payer", "payee") and isinstance(value, dict):
            made[name] = _object(value, person) if _speaks_of(value, person) else value
        else:
            made[name] = scrubbed(value, person)
    if own:
        made["name"] = person.alias
    return made


def mentioned(data: Mapping[str, Any], person: Person) -> dict[str, Any]:
    """Return the body of an event that isn't about him without his words in its texts; whom it names is another."""
    return {name: _beside(name, value, person) for name, value in data.items()}


def _beside(name: str, value: Any, person: Person) -> Any:
    if name in ("payer", "payee") and isinstance(value, dict) and _speaks_of(value, person):
        return _object(value, person)
    return value if name in _OTHERS else scrubbed(value, person)


def scrubbed(value: Any, person: Person) -> Any:
    """Return any JSON value with his words replaced in all its texts."""
    match value:
        case str():
            return person.scrub(value)
        case dict():
            return {key: scrubbed(one, person) for key, one in value.items()}
        case list():
            return [scrubbed(one, person) for one in value]
        case _:
            return value


def own_id(external_id: str, subject: UUID, person: Person) -> str:
    """Return the id of his record: as it is, or where it is his name, one that leads to the same identity."""
    return external_id if person.scrub(external_id) == external_id else f"{ERASED}{subject}"


def _speaks_of(payer: Mapping[str, Any], person: Person) -> bool:
    words = {word.casefold() for word in person.words}
    return any(
        isinstance(payer.get(name), str) and payer[name].strip().casefold() in words for name in _WORDS
    )


def _party(source: str, party: Mapping[str, Any], person: Person) -> dict[str, Any]:
    if not person.names(source, party):
        return {name: scrubbed(value, person) for name, value in party.items()}
    made = _object(party, person)
    made["id"] = own_id(str(party.get("id") or party["name"]), party_subject(source, party), person)
    return made


def _object(said: Mapping[str, Any], person: Person) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in said.items():
        if name == "name":
            made[name] = person.alias if value else value
        elif name in _HANDLES and isinstance(value, str):
            made[name] = person.handle(value)
        elif name not in _DROPPED:
            made[name] = value
    return made


def _pattern_of(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds any of these words: as it stands, as JSON escapes it, spaced otherwise, cut after eight letters."""
    found: dict[str, set[str]] = {}
    for word in words:
        for piece, letters in _pieces(word):
            if len(letters) >= _LEAST:
                written = [] if letters.isdigit() else _as_written(piece)
                _add(found, letters, *written, _spaced(letters))
            elif (
                len(letters) >= _LEAST_ALONE and not letters.isdigit()
            ):  # so few would be found in any other word
                _add(found, letters, *(rf"(?<!\w){one}(?!\w)" for one in _as_written(piece)))
    return _any_of(found)


def _whole_of(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds a whole word of eight letters or digits and more, and none that only begins like it."""
    found: dict[str, set[str]] = {}
    for word in words:
        for piece, letters in _pieces(word):
            if len(letters) >= _LEAST_CUT:
                told = (*_as_written(piece), _GAP.join(map(re.escape, letters)))
                _add(found, letters, *(rf"{one}(?![^\W_])" for one in told))
    return _any_of(found)


def _add(found: dict[str, set[str]], letters: str, *parts: str) -> None:
    """Add patterns by the letter that they begin with: where another stands, none of them is tried."""
    for part in parts:
        escaped = part.removeprefix(r"(?<!\w)").startswith(r"\\")
        first = "\\" if escaped else letters[0].lower()[:1]
        found.setdefault(first, set()).add(part)


def _any_of(found: Mapping[str, set[str]]) -> re.Pattern[str]:
    listed = [
        f"(?={re.escape(first)})(?:{'|'.join(sorted(parts, key=lambda part: (-len(part), part)))})"
        for first, parts in sorted(found.items())
    ]
    made = rf"(?<!{_LETTER})(?:{'|'.join(listed)})" if listed else _NEVER
    return re.compile(made, re.IGNORECASE)


def _as_written(piece: str) -> list[str]:
    """Return a piece as it stands and as JSON escapes it, unless it is mostly gaps."""
    if len(piece) > 2 * _MOST:
        return []
    return sorted({re.escape(piece), re.escape(json.dumps(piece)[1:-1])})


def _pieces(word: str) -> list[tuple[str, str]]:
    """Return a word in pieces of at most `_MOST` letters, each as it stands and its letters alone."""
    runs: list[tuple[int, int]] = []
    for found in _TOKEN.finditer(word):
        runs += [(at, min(at + _MOST, found.end())) for at in range(found.start(), found.end(), _MOST)]
    pieces: list[tuple[int, int, str]] = []
    for start, end in runs:
        letters = word[start:end]
        if pieces and len(pieces[-1][2]) + len(letters) <= _MOST:
            pieces[-1] = (pieces[-1][0], end, pieces[-1][2] + letters)
        else:
            pieces.append((start, end, letters))
    return [(word[start:end], letters) for start, end, letters in pieces]


def _spaced(letters: str) -> str:
    """Return a pattern of these letters with a little between them; after eight of them the word may end."""
    if letters.isdigit():  # a number that begins or ends alike is another number
        alone = r"(?<!\d)" if len(letters) < _LEAST_CUT else ""
        return rf"{alone}{_GAP.join(letters)}(?!\d)"
    whole = _GAP.join(map(re.escape, letters)) + (r"\w*" if len(letters) == _MOST else "")
    if len(letters) <= _LEAST_CUT:
        return whole
    tail = ""
    for letter in reversed(letters[_LEAST_CUT:]):
        tail = f"(?:{_GAP}{re.escape(letter)}{tail})?"
    return f"(?:{whole}|{_GAP.join(map(re.escape, letters[:_LEAST_CUT]))}{tail}(?!{_LETTER}))"
