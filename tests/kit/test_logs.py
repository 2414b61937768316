"""Logs hold no secret: risky keys are masked, and keys and tokens known by their own form wherever they stand."""

from __future__ import annotations

import pytest

from kit.logs import _mask


@pytest.mark.parametrize(
    "secret",
    [
        "rzp_live_9aBcDeFgHiJkLm",
        "cfsk_ma_test_0a1b2c3d4e5f6a7b8c9d0e1f_2a3b4c5d",
        "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "pat-na1-11111111-2222-3333-4444-555555555555",
        f"1000.{'a1' * 16}.{'b2' * 16}",
        "123456789:AAF-abcdefghijklmnopqrstuvwxyz123",
        "mun_0123456789abcdef0123456789abcdef_secretsecret",
    ],
)
def test_a_key_in_a_sentence_is_masked(secret: str) -> None:
    masked = _mask(None, "", {"event": "x", "reason": f"refused {secret} by the vendor"})
    assert secret not in masked["reason"]
    assert masked["reason"].endswith("by the vendor")


@pytest.mark.parametrize("key", ["credentials", "client_secret", "access_token", "authorization"])
def test_a_risky_key_is_masked_whatever_it_holds(key: str) -> None:
    assert _mask(None, "", {"event": "x", key: {"a": "b"}})[key] == "•••"
