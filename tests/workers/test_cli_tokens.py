"""Tokens and limited memberships on the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ledger.domain.tokens import business_of
from tests.workers.test_cli import Munshi, complaint, munshi, result  # noqa: F401  (a fixture)


def test_a_token_is_made_listed_rotated_and_revoked(munshi: Munshi) -> None:  # noqa: F811
    munshi("init", "Kaveri Services", "--owner", "Ramesh")
    made = result(
        munshi(
            "token", "create", "Ramesh", "--label", "BI", "--days", "30", "--read-only",
            "--permission", "see_receivables", "--permission", "see_sources", "--json",
        )
    )  # fmt: skip
    assert business_of(made["token"]) is not None
    (listed,) = result(munshi("token", "list", "--json"))
    assert (listed["label"], listed["read_only"], listed["permissions"]) == (
        "BI", True, ["see_receivables", "see_sources"],
    )  # fmt: skip
    assert made["token"] not in repr(listed)
    second = result(munshi("token", "rotate", listed["hint"], "--keep", "0", "--json"))
    assert second["token"] != made["token"]
    statuses = {one["id"]: one["status"] for one in result(munshi("token", "list", "--json"))}
    assert statuses == {made["id"]: "expired", second["id"]: "live"}
    assert "BI" in munshi("token", "list").stdout
    assert result(munshi("token", "revoke", "BI", "--json"))["status"] == "revoked"
    assert complaint(munshi("token", "revoke", "BI", "--json"))["code"] == "token.not_found"
    wrong = munshi("token", "create", "Ramesh", "--label", "x", "--permission", "system", "--json")
    assert complaint(wrong)["code"] == "token.permissions"


def test_a_membership_gets_a_last_day(munshi: Munshi) -> None:  # noqa: F811
    munshi("init", "Kaveri Services", "--owner", "Ramesh")
    day = (datetime.now(UTC) + timedelta(days=40)).date().isoformat()
    munshi("member", "add", "Priya", "--role", "view", "--until", day)
    untils = {one["name"]: one["until"] for one in result(munshi("member", "list", "--json"))}
    assert untils == {"Ramesh": None, "Priya": day}
    assert result(munshi("member", "change", "Priya", "--until", "never", "--json"))["until"] is None
    assert (
        complaint(munshi("member", "change", "Priya", "--until", "soon", "--json"))["code"] == "member.until"
    )
    assert complaint(munshi("member", "change", "Ramesh", "--until", day, "--json"))["code"] == (
        "member.owner_ends"
    )
