"""People on the command line: from nothing to the link that an owner opens; who is changed and let go."""

from __future__ import annotations

import pytest

from bot import address
from tests.workers.test_cli import Munshi, complaint, munshi, result  # noqa: F401  (a fixture)


@pytest.fixture(autouse=True)
def unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has told yet what the bot is called."""
    monkeypatch.setattr(address, "_told", {})
    monkeypatch.delenv("TELEGRAM_BOT_TOKEN", raising=False)


def test_one_command_leads_from_nothing_to_the_link_that_the_owner_opens(
    munshi: Munshi,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHAT_URL", "https://t.me/kaveri_bot")
    made = result(munshi("init", "Kaveri Services", "--owner", "Ramesh", "--language", "hi", "--json"))
    assert made["owner"]["link"] == f"https://t.me/kaveri_bot?start={made['owner']['code']}"
    (ramesh,) = result(munshi("member", "list", "--json"))
    assert (ramesh["role"], ramesh["language"]) == ("owner", "hi")


def test_without_an_address_there_is_the_code(munshi: Munshi) -> None:  # noqa: F811
    told = munshi("init", "Kaveri Services", "--owner", "Ramesh")
    assert told.returncode == 0
    assert "sends this code to the chat" in told.stdout
    assert "https://" not in told.stdout


def test_a_member_is_changed_and_removed_and_the_last_owner_stays(munshi: Munshi) -> None:  # noqa: F811
    munshi("init", "Kaveri Services", "--owner", "Ramesh")
    munshi("member", "add", "Ravi", "--role", "sales")
    changed = result(
        munshi("member", "change", "ravi", "--crm-owner", "own-1", "--rename", "Ravi K", "--json")
    )
    assert (changed["name"], changed["role"], changed["crm_owner"]) == ("Ravi K", "sales", "own-1")
    assert result(munshi("member", "remove", "ravi k", "--json"))["active"] is False
    assert complaint(munshi("member", "remove", "Ramesh", "--json"))["code"] == "member.last_owner"
    assert complaint(munshi("member", "remove", "Ravi K", "--json"))["code"] == "member.unknown"
