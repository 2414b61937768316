"""`munshi rules`: from a text with mistakes to a rule that judges, its history, and back."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.handlers.test_rules import CASH, NAME
from tests.workers.test_cli import Munshi, complaint, munshi, result  # noqa: F401  a fixture


def test_a_rule_goes_from_a_file_into_force_and_out_again(munshi: Munshi, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "bad.toml").write_text(CASH.replace("severity", "severty").replace("ge =", "gee ="))
    (tmp_path / "cash.toml").write_text(CASH)
    (tmp_path / "more.toml").write_text(CASH + "# more\n")
    checked = munshi("rules", "check", "bad.toml")
    assert checked.returncode == 2
    assert "line 3: unknown key `severty` of a rule; did you mean `severity`?" in checked.stdout
    assert "line 12: unknown operator `gee`; did you mean `ge`?" in checked.stdout
    assert result(munshi("rules", "check", "cash.toml", "--json"))["name"] == NAME

    munshi("business", "add", "Sharma Services")
    assert "nothing" in munshi("rules", "preview", "cash.toml").stdout
    made = result(munshi("rules", "publish", "cash.toml", "--reason", "we want it", "--json"))
    assert (made["version"], made["origin"]) == (1, "own")
    stale = munshi("rules", "publish", "more.toml", "--reason", "x", "--version", "0", "--json")
    assert (complaint(stale)["code"], stale.returncode) == ("rule.changed", 5)
    munshi("rules", "publish", "more.toml", "--reason", "more of it")
    munshi("rules", "order", NAME, "5")
    munshi("rules", "switch", NAME, "off", "--reason", "noise")
    first = result(munshi("rules", "list", "--json"))[0]
    assert (first["name"], first["place"], first["enabled"], first["version"]) == (NAME, 5, False, 2)
    munshi("rules", "revert", NAME, "1", "--reason", "less of it")
    assert munshi("rules", "show", NAME).stdout.count("# more") == 0
    munshi("rules", "withdraw", NAME, "--reason", "no use")
    states = [(v["version"], v["state"]) for v in result(munshi("rules", "history", NAME, "--json"))]
    assert states == [(4, "withdrawn"), (3, "published"), (2, "published"), (1, "published")]
    unknown = munshi("rules", "switch", "no_such", "on", "--reason", "x", "--json")
    assert (complaint(unknown)["code"], unknown.returncode) == ("rule.unknown", 4)
    assert result(munshi("audit", "verify", "--json"))["holds"]
