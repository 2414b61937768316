"""Who may reach the phone."""

from __future__ import annotations

import pytest
from starlette.types import Scope

from bot.phone.guard import refusal


def asked(*, client: str = "127.0.0.1", path: str = "/phone", method: str = "GET", **headers: str) -> Scope:
    said = {"host": "127.0.0.1:8420", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "type": "http",
        "scheme": "http",
        "method": method,
        "path": path,
        "client": (client, 50000),
        "headers": [(name.encode(), value.encode()) for name, value in said.items()],
    }


@pytest.mark.parametrize("host", ["127.0.0.1:8420", "localhost:8420", "LOCALHOST", "[::1]:8420", "127.0.0.1"])
def test_this_computer_may(host: str) -> None:
    assert refusal(asked(host=host)) is None
    assert refusal(asked(host=host, origin=f"http://{host}", method="POST")) is None


@pytest.mark.parametrize(
    "host",
    ["munshi.example", "127.0.0.1.evil.example", "localhost.evil.example", "192.168.1.4:8420", "", "0.0.0.0"],
)
def test_another_host_name_may_not(host: str) -> None:
    assert refusal(asked(host=host)) is not None


def test_another_computer_may_not() -> None:
    assert refusal(asked(client="192.168.1.9")) is not None
    assert refusal(asked(x_forwarded_for="203.0.113.7")) is not None


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8420"]
)
def test_another_site_may_not_send(origin: str) -> None:
    assert refusal(asked(origin=origin, method="POST", path="/phone/chat/messages")) is not None


def test_a_link_from_elsewhere_opens_the_page_and_nothing_else() -> None:
    followed = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert refusal(asked(**followed)) is None
    assert refusal(asked(path="/phone/api/botX/sendMessage", **followed)) is not None
    assert (
        refusal(asked(sec_fetch_site="cross-site", sec_fetch_mode="no-cors", path="/phone/files/x"))
        is not None
    )
