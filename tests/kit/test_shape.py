"""Shapes of payloads: what is missing, new and of another kind, and never a value or a name of somebody."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.json import read_json
from kit.shape import (
    MAX_LISTED,
    Accepted,
    Headings,
    Retyped,
    Seen,
    difference,
    headings_of,
    likeness,
    merged,
    shape_of,
    tree_of_xml,
)

PAYMENT = {"id": "pay_1", "amount": 11800, "fee": None, "card": {"last4": "4421"}, "items": [{"sku": "a"}]}
ACCEPTED = {
    path: Accepted(seen.kinds, required=path in ("id", "amount", "card", "card.last4", "items[].sku"))
    for path, seen in shape_of(PAYMENT).items()
}


def changed(**members):
    body = {**PAYMENT, **members}
    return difference(ACCEPTED, shape_of({name: v for name, v in body.items() if v is not ...}))


def test_a_shape_is_paths_and_kinds():
    assert {path: sorted(seen.kinds) for path, seen in shape_of(PAYMENT).items()} == {
        "": ["object"], "id": ["text"], "amount": ["integer"], "fee": ["null"], "card": ["object"],
        "card.last4": ["text"], "items": ["list"], "items[]": ["object"], "items[].sku": ["text"],
    }  # fmt: skip


def test_the_same_shape_differs_in_nothing():
    assert not changed()
    assert not changed(amount=5, id="another")


def test_missing_is_what_our_reading_needs_and_the_outermost_of_it():
    assert changed(amount=...).missing == ("amount",)
    assert changed(fee=...).missing == ()
    assert changed(card=...).missing == ("card",)
    assert changed(card={}).missing == ("card.last4",)


def test_what_one_of_several_lacks_is_missing_and_an_empty_list_lacks_nothing():
    assert changed(items=[{"sku": "a"}, {}]).missing == ("items[].sku",)
    assert not changed(items=[]).missing


def test_new_is_what_no_accepted_body_had():
    found = changed(tip=100, payer={"name": "x", "vpa": "y"})
    assert found.new == ("payer", "tip")


@pytest.mark.parametrize(
    ("member", "value", "was", "now"),
    [
        ("amount", "118.00", "integer", "text"),
        ("amount", None, "integer", "null"),
        ("card", [], "object", "list"),
        ("id", 7, "text", "integer"),
        ("items", [1], "object", "integer"),
    ],
)
def test_retyped_is_another_kind_than_any_before(member, value, was, now):
    path = "items[]" if member == "items" else member
    assert Retyped(path, was, now) in changed(**{member: value}).retyped


def test_a_whole_number_is_a_decimal_and_an_optional_member_may_be_null():
    accepted = {"": Accepted(frozenset({"object"})), "rate": Accepted(frozenset({"decimal"}))}
    assert not difference(accepted, shape_of(read_json(b'{"rate": 18}')))
    assert not difference(accepted, shape_of({"rate": None}))
    assert difference(accepted, shape_of({"rate": "18"}))


def test_free_members_are_seen_and_not_looked_into():
    body = {"notes": {"Sharma ji": "paid"}, "order": {"meta": {"x": 1}}}
    shape = shape_of(body, free={"notes", "order.meta"})
    assert set(shape) == {"", "notes", "order", "order.meta"}
    assert shape["notes"].kinds == shape_of({"notes": []}, free={"notes"})["notes"].kinds


@pytest.mark.parametrize(
    "name", ["98765432101", "ramesh@upi", "Sharma Traders", "pay_29QQoUBi66xm2f", "é", "a.b"]
)
def test_a_name_that_may_be_somebodys_data_is_not_kept(name):
    assert set(shape_of({name: {"amount": 1}})) == {"", "*", "*.amount"}


def test_a_table_keyed_by_data_is_one_member():
    assert set(shape_of({f"name_{chr(97 + n % 26) * (n // 26 + 1)}": 1 for n in range(300)})) == {"", "*"}


def test_shapes_of_several_bodies_are_added_up():
    both = merged([shape_of({"a": 1, "b": {"c": 1}}), shape_of({"a": "x"})])
    assert both["a"] == Seen(frozenset({"integer", "text"}), times=2)
    assert (both[""].objects, both["b"].times, both["b"].objects) == (2, 1, 1)


def test_lists_are_cut_and_what_is_left_out_is_counted():
    found = changed(**{f"new_{chr(97 + n)}": 1 for n in range(MAX_LISTED + 3)})
    told = found.as_json()
    assert (len(told["new"]), told["more"]) == (MAX_LISTED, 3)
    assert "more" not in changed(tip=1).as_json()


def test_likeness_is_the_shared_part():
    assert likeness(ACCEPTED, shape_of(PAYMENT)) == 1
    assert likeness(ACCEPTED, shape_of({"zzz": 1})) < 1
    assert likeness({}, {}) == 0


# ---- XML and tables --------------------------------------------------------------------------------
XML = '<ENVELOPE><BODY VERSION="1"><VOUCHER><DATE>20261120</DATE></VOUCHER><VOUCHER/></BODY></ENVELOPE>'


@pytest.mark.parametrize(
    "body",
    [XML.encode(), XML.encode("utf-16"), f'<?xml version="1.0" encoding="UTF-16"?>{XML}'.encode("utf-16")],
)
def test_xml_has_members_attributes_and_no_lists(body):
    tree = tree_of_xml(body)
    shape = shape_of(tree)
    assert set(shape) == {
        "", "ENVELOPE", "ENVELOPE.BODY", "ENVELOPE.BODY.@VERSION", "ENVELOPE.BODY.VOUCHER",
        "ENVELOPE.BODY.VOUCHER.DATE",
    }  # fmt: skip
    assert shape["ENVELOPE.BODY.VOUCHER"].kinds == {"object", "text"}
    assert "20261120" not in json.dumps(tree)


def test_control_characters_of_careless_programs_are_read_past():
    assert tree_of_xml(b"<A><B>&#4; Not Applicable&#x1F;</B>\x03</A>") is not None


@pytest.mark.parametrize(
    "body",
    [b"<A>", b"", b"\xff\xfe<", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', b"<a>" * 100 + b"</a>" * 100],
)
def test_what_is_no_xml_of_ours_has_no_shape(body):
    assert tree_of_xml(body) is None


TABLE = [
    ["Sharma Services", None, None],
    ["Main Road", "Pune", "India"],
    ["Statement of account", "", "", ""],
    ["Txn Date", "Narration", "Withdrawal Amt.", None, "Balance"],
    ["***", "***", "***", "***"],
    ["18/11/2026", "NEFT SHARMA", "5,000.00", None, "1.00"],
]


def test_headings_are_known_ones_or_words_above_numbers():
    expected = Headings.fromkeys(["Txn Date", "Narration", "Withdrawal Amt", "Balance"], "")
    assert headings_of(TABLE[3:]) == expected
    assert headings_of(TABLE, known={"Narration", "Balance", "Deposit Amt"}) == expected
    assert headings_of(TABLE, known={"Particulars", "Balance"}) is None
    assert headings_of([["a", "b"], ["1", "2"]]) is None
    assert set(shape_of(expected)) == {"", "Txn Date", "Narration", "Withdrawal Amt", "Balance"}


# ---- anything --------------------------------------------------------------------------------------
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=25,
)


@given(_ANY)
def test_any_value_fits_its_own_shape_and_is_not_in_it(value):
    shape = shape_of(value)
    accepted = {path: Accepted(seen.kinds, required=True) for path, seen in shape.items()}
    found = difference(accepted, shape)
    assert not found.new
    assert not found.retyped
    lacking = {path for path, seen in shape.items() if seen.times < shape[path.rpartition(".")[0]].objects}
    assert set(found.missing) <= lacking


@given(_ANY, _ANY)
def test_any_two_values_can_be_compared(one, other):
    accepted = {path: Accepted(seen.kinds, required=True) for path, seen in shape_of(one).items()}
    json.dumps(difference(accepted, shape_of(other)).as_json())
