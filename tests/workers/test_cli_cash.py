"""`munshi cash`, `munshi dues` and `munshi msmed`, as a person and as a program use them."""

from __future__ import annotations

from tests.workers.test_cli import Munshi, complaint, munshi, result  # noqa: F401  a fixture


def test_dues_are_added_listed_and_ended_and_cash_is_honest(munshi: Munshi) -> None:  # noqa: F811
    munshi("business", "add", "Sharma Services")
    assert "No bank balance is known" in munshi("cash").stdout
    assert result(munshi("cash", "--json"))["why_not"] == "no_bank"
    assert "Nothing is confirmed yet" in munshi("dues", "list").stdout
    made = result(munshi("dues", "add", "GST", "45,000", "20", "--kind", "gst", "--json"))
    assert (made["amount"], made["months"]) == (45_000_00, list(range(1, 13)))
    assert "₹45,000" in munshi("dues", "list").stdout
    assert "Ended." in munshi("dues", "end", made["id"]).stdout
    found = result(munshi("dues", "list", "--json"))
    assert not found["dues"]
    esi = next(one for one in found["proposals"] if one["kind"] == "esi")
    munshi("dues", "end", esi["key"])
    assert "esi" not in {one["kind"] for one in result(munshi("dues", "list", "--json"))["proposals"]}
    assert "Switched off" in munshi("msmed", "interest").stdout
    assert (
        "Interest in all: ₹0"
        in munshi("msmed", "on", "small", "service", "--registered-on", "2024-01-01").stdout
    )
    assert (
        result(munshi("msmed", "rate", "5.25", "--since", "2026-02-06", "--json"))["rates"][-1]["hundredths"]
        == 525
    )
    assert "Nothing is open to marked vendors" in munshi("msmed", "vendors").stdout
    for arguments, code, status in (
        (("dues", "add", "GST", "0", "20", "--json"), "due.amount", 2),
        (("dues", "add", "GST", "5", "20", "--since", "soon", "--json"), "cash.day", 2),
        (("dues", "end", "x", "--json"), "due.id", 2),
        (("msmed", "rate", "five", "--since", "2026-02-06", "--json"), "msmed.rate", 2),
        (("msmed", "mark", "Nobody at all", "micro", "--json"), "party.not_found", 4),
    ):
        done = munshi(*arguments)
        assert (complaint(done)["code"], done.returncode) == (code, status)
