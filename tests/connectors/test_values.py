"""Values as vendors write them: each reader takes what it knows and leaves the rest alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from connectors import values
from kit.clock import IST
from kit.errors import Denied, Rejected


@pytest.mark.parametrize(
    ("given", "phone", "at_checkout"),
    [
        ("98000 00001", "+919800000001", "+919800000001"),
        ("09800000001", "+919800000001", "09800000001"),
        ("98000.00001", "+919800000001", "98000.00001"),
        ("+91-98000-00001", "+919800000001", "+919800000001"),
        ("919800000001", "+919800000001", "+919800000001"),
        ("+1 (415) 555-0100", "+14155550100", "+14155550100"),
        ("020 2400 0000", "020 2400 0000", "02024000000"),
        ("9800०00001", "9800०00001", "9800०00001"),
        ("ask Ravi", "ask Ravi", "ask Ravi"),
        (None, None, None),
    ],
)
def test_indian_mobiles_get_their_country(given, phone, at_checkout):
    assert values.phone(given) == phone
    assert values.checkout_phone(given) == at_checkout


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (" Acme ", "Acme"), ("", None), (" \n", None), (None, None), (7, None), (["a"], None),
        ("x" * 2_000, "x" * 2_000), ("x" * 2_001, "x" * 1_999 + "…"),
    ],
)  # fmt: skip
def test_a_text_is_trimmed_and_cut_and_nothing_else_is_one(value, read):
    assert values.text({"name": value}, "name") == read
    assert values.text({}, "name") is None


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("0042", "0042"), (42, "42"), (0, "0"), ("9" * 25, "9" * 25), ("9" * 26, None), (10**25, None),
        (-1, None), ("", None), ("4 2", None), ("४२", None), ("²", None), (True, None), (4.0, None), (None, None),
    ],
)  # fmt: skip
def test_an_id_is_digits_as_text_or_as_a_number(value, read):
    assert values.record_id(value) == read


@pytest.mark.parametrize(
    "odd", [None, "", 0, "https://", "javascript:alert(1)", "https://a b", 'https://a"b', ["https://a.in"]]
)
def test_only_a_link_that_can_be_opened_is_an_address(odd):
    assert values.address(odd) is None
    assert values.address("https://pay.acme.in/l/1?x=2") == "https://pay.acme.in/l/1?x=2"


def test_unix_seconds_are_times_from_1990_to_2100_and_days_are_of_the_zone():
    assert values.unix_moment(1_795_200_000) == datetime(2026, 11, 20, 18, 40, tzinfo=UTC)
    assert values.unix_day(1_795_200_000, IST) == "2026-11-21"
    assert values.unix_day(1_795_200_000, ZoneInfo("UTC")) == "2026-11-20"
    ends = [int(end.timestamp()) for end in (values.EARLIEST, values.LATEST)]
    assert values.unix_moment(ends[0]) == values.EARLIEST
    assert values.unix_moment(ends[1] - 1) == values.LATEST - timedelta(seconds=1)
    for odd in (ends[0] - 1, ends[1], 0, True, None, "1795200000", Decimal(1_795_200_000), 10**40):
        assert values.unix_moment(odd) is None
        assert values.unix_day(odd, IST) is None


@pytest.mark.parametrize("name", ["Asia/Atlantis", "../etc/passwd", "Asia", "x" * 300, 5, ["UTC"], "a\0b"])
def test_a_timezone_that_isn_t_there_is_refused(name):
    with pytest.raises(Rejected) as refused:
        values.zone_of({"timezone": name})
    assert refused.value.code == "settings.timezone"
    assert values.zone_of({}) == values.zone_of({"timezone": ""}) == IST
    assert values.zone_of({"timezone": "Asia/Dubai"}) == ZoneInfo("Asia/Dubai")


def test_document_numbers_stand_in_lists_notes_and_words():
    assert values.numbers(" INV-1, INV-2;INV-1|\n" + "9" * 70) == ["INV-1", "INV-2", "9" * 60]
    assert values.numbers(None) == []
    notes = {"Invoice No.": "A/1, A/2", "bill id": 7, "colour": "B/1", "invoice": ["C/1"]}
    assert values.noted_numbers(notes, [], None, {" our tax inv ": "D/1"}) == ["A/1", "A/2", "7", "D/1"]
    own = re.compile(r"pay_\w+")
    assert values.number_words("for INV/26-27/0042 and pay_4711 of May", own_id=own) == ["INV/26-27/0042"]
    assert values.number_words(None, own_id=own) == []


def test_fields_that_say_nothing_are_left_out_but_nought_and_no_are_said():
    assert values.filled(a=0, b=False, c="", d=None, e=[], f={}, g="x") == {"a": 0, "b": False, "g": "x"}
    assert values.filled_texts(a="x", b="", c=None) == {"a": "x"}
    data, references = {}, {}
    for name, value in (("a", 0), ("b", None), ("c", {}), ("d", "x")):
        values.put(data, name, value)
    values.refer(references, "utr", ["2", None, "1", "", "2"])
    values.refer(references, "orders", [None])
    assert (data, references) == ({"a": 0, "d": "x"}, {"utr": ["2", "1"]})


def test_a_digest_is_of_what_is_said_and_not_of_its_order():
    one = values.digest_of({"a": Decimal("1.50"), "b": [None]}, length=20)
    assert one == values.digest_of({"b": [None], "a": Decimal("1.50")}, length=20)
    assert one != values.digest_of({"a": Decimal("1.5"), "b": [None]}, length=20)
    assert one.startswith(values.digest_of({"a": Decimal("1.50"), "b": [None]}, length=16))
    assert len(values.digest_of("\ud800", length=24)) == 24


def test_only_objects_are_objects():
    assert values.read_object(b'{"a": 1}', "It") == {"a": 1}
    with pytest.raises(Rejected, match="An answer of Acme is a JSON object") as refused:
        values.read_object(b"[1]", "An answer of Acme")
    assert refused.value.code == "schema.not_an_object"
    assert values.objects([{"a": 1}, 2, None]) == [{"a": 1}]
    assert (values.objects({"a": 1}), values.as_object([]), values.as_list({})) == ([], {}, [])


@pytest.mark.parametrize("given", ["", "wrong", "s3cret ", "\ud800"])
def test_a_token_must_be_one_of_the_secrets(given):
    values.check_token("s3cret", secrets=["new", "s3cret"])
    for secrets in (["new", "s3cret"], [], [""]):
        with pytest.raises(Denied) as denied:
            values.check_token(given, secrets=secrets)
        assert denied.value.code == "signature.wrong"


def test_accounts_are_known_by_their_last_digits():
    assert values.account_key("XXXXXX1234") == values.account_key("00991234") == "1234"
    assert values.masked("50100012341234") == "··1234"
    assert values.agree("XXXX1234", "501000121234")
    assert not values.agree("XXXX1234", "501000121235")
    assert values.agree("Savings", "savings")
    assert values.account_key("Savings") == "Savings"
