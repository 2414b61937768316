"""Secrets at rest: sealed, opened with any of our keys, and no other."""

from __future__ import annotations

import pytest

from kit.errors import SourceBroken
from kit.sealing import Seal, new_seal_key


def test_what_is_sealed_is_opened_in_order_and_holds_no_trace():
    seal = Seal(new_seal_key())
    sealed = seal.seal(["now", "before ₹"])
    assert seal.open(sealed) == ("now", "before ₹")
    assert b"now" not in sealed
    assert seal.open(None) == ()


def test_a_new_key_in_front_opens_what_the_former_one_sealed_and_renews_it():
    former, newer = new_seal_key(), new_seal_key()
    sealed = Seal(former).seal(["s"])
    both = Seal(f"{newer}, {former}")
    assert both.open(sealed) == ("s",)
    assert Seal(newer).open(both.renew(sealed)) == ("s",)


def test_another_key_opens_nothing_and_says_what_to_do():
    sealed = Seal(new_seal_key()).seal(["s"])
    for broken in (sealed, sealed[:-2], b"", b"x"):
        with pytest.raises(SourceBroken) as refused:
            Seal(new_seal_key()).open(broken)
        assert refused.value.remedy


@pytest.mark.parametrize("keys", ["", " , ", "short", "x" * 44])
def test_a_key_that_is_none_is_refused(keys):
    with pytest.raises(SourceBroken):
        Seal(keys)
