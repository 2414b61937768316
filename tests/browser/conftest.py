"""What tests in a browser need: Chromium, or a reason to leave them out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.browser.phone import Phone, missing_browser
from tests.browser.supplies import firm

__all__ = ["firm", "hold_phone"]


@pytest.fixture
def hold_phone() -> Iterator[Callable[..., Phone]]:
    """Return a function that opens a browser at the phone of an api: `hold_phone(url, dark=False)`."""
    if reason := missing_browser():
        pytest.skip(reason)
    held: list[Phone] = []

    def hold(url: str, *, width: int = 390, height: int = 844, dark: bool = False) -> Phone:
        held.append(Phone(url, width=width, height=height, dark=dark))
        return held[-1]

    yield hold
    for phone in held:
        phone.close()
