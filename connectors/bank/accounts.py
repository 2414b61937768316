"""Whose statement it is: the source's own account, and what a file holds of other accounts and currencies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.bank.identity import visible
from connectors.bank.model import Statement
from connectors.contract import Unreadable
from connectors.values import agree, masked
from kit.errors import Rejected


def own_statements(
    statements: Sequence[Statement], settings: Mapping[str, Any]
) -> tuple[list[Statement], list[Unreadable]]:
    """Return the statements of the source's account, and the others as unreadable here, saying which account it is.

    Rejected if none is of the source's account, or if the source has no account set and the file has several.
    """
    own = stated_account(settings)
    mine, others = [], []
    for statement in statements:
        account = statement.frame.account
        if own is None or account is None or agree(own, account):
            mine.append(statement)
        else:
            others.append(statement)
    if own is not None and others and not any(statement.frame.account for statement in mine):
        raise Rejected(
            "statement.other_account",
            f"The statement is of account {masked(others[0].frame.account or '')}; this source is account {masked(own)}.",
            remedy="Import it under the source of that account.",
        )
    accounts = [statement.frame.account for statement in mine if statement.frame.account]
    for account in accounts:
        if not agree(accounts[0], account):
            raise Rejected(
                "statement.several_accounts",
                f"The file holds statements of {_apart(accounts[0], account)}.",
                remedy="Send one file for each account, or give each account its own source with --set account=….",
            )
    _check_currency(mine, settings)
    return mine, [
        _foreign(statement, count, own or "")
        for statement in others
        if (count := len(statement.table.lines) + len(statement.table.unreadable))
    ]


def account_of(statements: Sequence[Statement], settings: Mapping[str, Any]) -> str | None:
    """Return the account in full as far as it is known: as set, else as the file shows most of it."""
    shown = [statement.frame.account for statement in statements if statement.frame.account]
    return stated_account(settings) or max(shown, key=visible, default=None)


def stated_account(settings: Mapping[str, Any]) -> str | None:
    """Return the account that the source is set to, if it is."""
    return re.sub(r"[\s-]", "", str(settings.get("account") or "")) or None


def _foreign(statement: Statement, count: int, own: str) -> Unreadable:
    lines = "1 line is" if count == 1 else f"{count} lines are"
    return Unreadable(
        statement.place or "the statement",
        "statement.other_account",
        f"{lines} of account {masked(statement.frame.account or '')}; this source is account {masked(own)}. "
        "Import the file under the source of that account too.",
    )


def _apart(one: str, other: str) -> str:
    """Show two accounts by as few last digits as tell them apart."""
    shown = next((size for size in range(4, 35) if one[-size:] != other[-size:]), 4)
    return f"··{one[-shown:]} and ··{other[-shown:]}"


def _check_currency(statements: Sequence[Statement], settings: Mapping[str, Any]) -> None:
    wanted = str(settings.get("account_currency") or statements[0].currency).upper()
    for statement in statements:
        if statement.currency != wanted:
            raise Rejected(
                "statement.other_currency",
                f"The account is in {wanted}, the statement in {statement.currency}.",
                remedy="An account has one currency. Import it under the source of the account in that currency.",
            )
