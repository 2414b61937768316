"""Strict JSON: no floats, no surprises, and one error for everything that isn't JSON."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Rejected
from kit.json import MAX_DEPTH, read_json


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1, "a": 2.50}', {"a": Decimal("2.50")}),
        (b"1e3", Decimal("1000")),
        (b"-0", 0),
        (b"[true, null, false]", [True, None, False]),
        ('"₹"'.encode(), "₹"),
        (b'"\\u0000\\ud800"', "\x00\ud800"),
    ],
)
def test_a_document_is_read(body, value):
    assert read_json(body) == value


def test_an_exponent_stays_small_in_memory():
    assert read_json(b"1e400000") == Decimal("1e400000")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json.malformed"),
        (b"{", "json.malformed"),
        (b"{} {}", "json.malformed"),
        (b"{'a': 1}", "json.malformed"),
        (b'{"a": 1,}', "json.malformed"),
        (b'"a\x01"', "json.malformed"),
        (b"\xef\xbb\xbf{}", "json.malformed"),
        (b"\xff\xfe{\x00}\x00", "json.not_utf8"),
        (b'"\xed\xa0\x80"', "json.not_utf8"),
        (b"NaN", "json.number"),
        (b"[Infinity]", "json.number"),
        (b"-Infinity", "json.number"),
        (b"1e99999999999999999999", "json.number"),
        (b"9" * 5_000, "json.number"),
        (b"[" * 200_000, "json.too_deep"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "json.too_deep"),
        (b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), "json.too_deep"),
    ],
)
def test_what_is_none_is_refused_by_name(body, code):
    with pytest.raises(Rejected) as refused:
        read_json(body)
    assert refused.value.code == code


def test_the_depth_that_is_allowed_is_allowed():
    read_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_many_brackets_side_by_side_are_not_deep():
    assert len(read_json(b"[" + b"[]," * 5_000 + b"{}]")) == 5_001


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=3) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def written(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(written(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{written(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


@given(documents)
def test_what_is_written_is_read_back_exactly(value):
    assert read_json(written(value).encode()) == value


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_rejected(body):
    try:
        read_json(body)
    except Rejected:
        return
