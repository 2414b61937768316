"""`munshi pay-details`, as a person and as a program use it."""

from __future__ import annotations

from tests.workers.test_cli import Munshi, complaint, munshi, result  # noqa: F401  a fixture


def test_how_customers_pay_is_set_shown_and_checked(munshi: Munshi) -> None:  # noqa: F811
    munshi("business", "add", "Kaveri Services")
    assert "Nothing is set yet." in munshi("pay-details").stdout
    told = munshi("pay-details", "--upi", "kaveri@okicici", "--account", "0004 0500 4421").stdout
    assert "kaveri@okicici" in told
    assert "isn't shown without its IFSC" in told
    view = result(munshi("pay-details", "--ifsc", "icic0000044", "--phone", "98200 11111", "--json"))
    assert (view["upi_id"], view["account"], view["ifsc"], view["phone"]) == (
        "kaveri@okicici", "000405004421", "ICIC0000044", "919820011111",
    )  # fmt: skip
    assert result(munshi("pay-details", "--upi", "", "--json"))["upi_id"] is None
    for option, value, code in (
        ("--upi", "kaveri", "pay.upi_id"), ("--account", "12", "pay.account"), ("--ifsc", "X", "pay.ifsc"),
        ("--phone", "022-23456789", "pay.phone"),
    ):  # fmt: skip
        done = munshi("pay-details", option, value, "--json")
        assert (complaint(done)["code"], done.returncode) == (code, 2)
