"""What a connector takes, told from its manifest: settings, streams, credentials, periods."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.contract import load_manifest
from ingest.connecting import backfill_of, change_of, check_settings, credentials_of, new_source
from kit.errors import NotFound, Rejected
from ledger.commands import ChangeSource

HUBSPOT, RAZORPAY, ZOHO = (load_manifest(name) for name in ("hubspot", "razorpay", "zoho_books"))
OAUTH = {"client_id": "a", "client_secret": "b", "refresh_token": "c"}


def added(name: str, **more: Any) -> Any:
    given = {"connector": None, "label": None, "settings": {}, "secret": None, "development": False}
    return new_source(name, **{**given, **more})


def test_the_name_says_the_connector_and_the_manifest_the_rest() -> None:
    made = added("payment:razorpay")
    assert (made.connector, made.label) == ("razorpay", "Razorpay")
    assert made.settings == {"silence_hours": RAZORPAY.silence_hours}
    second = added(
        "payment:razorpay_two", connector="razorpay", label="Second", settings={"silence_hours": 3}
    )
    assert (second.label, second.settings) == ("Second", {"silence_hours": 3})
    with pytest.raises(NotFound, match="doesn't say which connector"):
        added("payment:razorpay_two")


def test_a_setting_that_is_needed_may_come_later_but_not_empty() -> None:
    assert added("books:zoho_books").connector == "zoho_books"
    assert (
        change_of(ZOHO, ChangeSource("books:zoho_books", label="Books"), development=False).label == "Books"
    )
    with pytest.raises(Rejected, match="organization_id"):
        check_settings(ZOHO, {"organization_id": ""}, development=False)


@pytest.mark.parametrize(
    "address",
    [
        "http://vendor.example",
        "https://127.0.0.1",
        "https://user@vendor.example",
        "https://vendor.example?x=1",
    ],
)
def test_credentials_are_sent_to_no_odd_address(address: str) -> None:
    for name in ("base_url", "token_url"):
        with pytest.raises(Rejected) as refused:
            check_settings(ZOHO, {name: address}, development=False)
        assert refused.value.code == "source.address"


@pytest.mark.parametrize("value", [{"x": 2**70}, {"x": {1, 2}}, {"x": "a\x00"}, {"x": "a" * 20_001}])
def test_settings_that_can_not_be_kept_are_refused(value: Any) -> None:
    with pytest.raises(Rejected) as refused:
        check_settings(RAZORPAY, value, development=False)
    assert refused.value.code == "source.setting"


def test_only_what_the_vendor_gives_is_sealed() -> None:
    assert credentials_of(RAZORPAY, "r", {"key_id": "a"}).credentials == {"key_id": "a"}
    assert credentials_of(HUBSPOT, "h", OAUTH).credentials == OAUTH, (
        "a public app's, renewed at the token_url"
    )
    with pytest.raises(Rejected) as refused:
        credentials_of(RAZORPAY, "r", OAUTH)
    assert "key_id, key_secret, and no others" in refused.value.message


def test_a_backfill_is_of_whole_days_where_the_business_is() -> None:
    made = backfill_of(
        HUBSPOT, "h", streams=(), since=date(2026, 4, 1), until=date(2026, 4, 30), timezone="Asia/Kolkata"
    )
    assert made.since == datetime(2026, 3, 31, 18, 30, tzinfo=UTC)
    assert made.until == datetime(2026, 4, 30, 18, 29, 59, tzinfo=UTC)
    assert made.streams == tuple(stream.name for stream in HUBSPOT.streams if stream.windowed)
    assert "pipelines" not in made.streams
