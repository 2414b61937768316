"""What a token looks like: its checksum tells a true one from a lookalike, without asking anybody."""

from __future__ import annotations

import zlib
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kit.ids import uuid7
from ledger.domain.tokens import PATTERN, business_of, hint_of, new_token, token_id

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@given(st.uuids())
def test_a_token_names_its_business_and_nobody_elses(business: UUID) -> None:
    token = new_token(business)
    assert business_of(token) == business
    assert PATTERN.fullmatch(token)
    assert token.endswith(hint_of(token))
    assert token_id(token) == token_id(token) != token_id(new_token(business))


@given(st.integers(0, 75), st.sampled_from(LETTERS))
def test_a_token_with_one_character_changed_is_none(place: int, letter: str) -> None:
    token = new_token(UUID(int=7))
    changed = token[:place] + letter + token[place + 1 :]
    assert (business_of(changed) is None) == (changed != token)


@given(st.text(max_size=90))
def test_nothing_else_is_a_token(text: str) -> None:
    assert business_of(text) is None


def test_the_checksum_is_the_documented_one() -> None:
    """As a scanner for leaked secrets would reckon it, from the module's first lines alone."""
    token = new_token(uuid7())
    number, digits = zlib.crc32(token[:-6].encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = LETTERS[digit] + digits
    assert digits.rjust(6, "0") == token[-6:]
