"""Standard Webhooks: what we sign verifies, and nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kit.errors import Denied, Rejected
from kit.standard_webhooks import sign, verify

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
SECRET = "whsec_" + "bXVuc2hpIHRlc3Qgc2VjcmV0IG9mIHRoaXJ0eSB0d28="
OTHER = "whsec_" + "c29tZSBvdGhlciBzZWNyZXQgb2YgdGhpcnR5IHR3byE="


def test_what_is_signed_verifies_with_either_secret_and_with_no_other():
    headers = sign(b"<ENVELOPE/>", secret=SECRET, message_id="msg_1", now=NOW)
    verify(headers, b"<ENVELOPE/>", secrets=[SECRET], now=NOW)
    verify(headers, b"<ENVELOPE/>", secrets=[OTHER, SECRET], now=NOW + timedelta(minutes=4))
    for body, secrets, now in (
        (b"<ENVELOPE />", [SECRET], NOW),
        (b"<ENVELOPE/>", [OTHER], NOW),
        (b"<ENVELOPE/>", [], NOW),
        (b"<ENVELOPE/>", [SECRET], NOW + timedelta(minutes=6)),
    ):
        with pytest.raises(Denied):
            verify(headers, body, secrets=secrets, now=now)


def test_a_secret_that_is_none_signs_nothing():
    with pytest.raises(Rejected, match="whsec_"):
        sign(b"", secret="whsec_not base64!", message_id="msg_1", now=NOW)
