"""Who is what: the role of each ledger by its group, and where a file tells no groups, by what its vouchers show.

The direction of money comes from the party's group and the sign of its line, never from a voucher type's name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from connectors.tally.records import Group, Ledger, Line, Voucher
from kit.errors import Rejected

Role = Literal["debtor", "creditor", "bank", "cash", "tax", "trade", "other"]

_ROLES: Mapping[str, Role] = {
    "sundry debtors": "debtor",
    "sundry creditors": "creditor",
    "bank accounts": "bank",
    "bank od a/c": "bank",
    "bank occ a/c": "bank",
    "cash-in-hand": "cash",
    "duties & taxes": "tax",
    "sales accounts": "trade",
    "purchase accounts": "trade",
    "direct incomes": "trade",
    "direct expenses": "trade",
    "indirect incomes": "trade",
    "indirect expenses": "trade",
    "income (direct)": "trade",
    "income (indirect)": "trade",
    "expenses (direct)": "trade",
    "expenses (indirect)": "trade",
}
_OTHERS = frozenset(
    [
        "primary", "branch / divisions", "capital account", "reserves & surplus", "retained earnings",
        "current assets", "deposits (asset)", "loans & advances (asset)", "stock-in-hand", "current liabilities",
        "provisions", "fixed assets", "investments", "loans (liability)", "secured loans", "unsecured loans",
        "misc. expenses (asset)", "suspense a/c", "profit & loss a/c",
    ]
)  # fmt: skip
"""Tally's own groups whose ledgers are neither party nor money."""
ACCOUNTING = frozenset(
    ["sales", "purchase", "receipt", "payment", "contra", "journal", "credit note", "debit note", "payroll"]
)
NOT_IN_THE_BOOKS = frozenset(
    [
        "sales order", "purchase order", "job work in order", "job work out order", "delivery note",
        "receipt note", "rejections in", "rejections out", "stock journal", "physical stock", "material in",
        "material out", "attendance", "memorandum", "reversing journal",
    ]
)  # fmt: skip
_CASH = re.compile(r"(?:petty |main )?cash(?: in hand|-in-hand| a/c| account| book)?", re.IGNORECASE)
_TAX = re.compile(r"\b(?:[csi]|ut)gst\b|\b(?:gst|vat|cst|cess|tcs)\b", re.IGNORECASE)
_TOP_ONLY = frozenset(["current assets", "current liabilities"])
"""What some releases call the primary group of a debtor: too wide to tell."""


def key(name: str) -> str:
    """Return a ledger's name without case and surplus blanks: how the log knows a party that has no id."""
    return " ".join(name.split()).casefold()


def party_id(name: str) -> str:
    """Return the id of a party: its ledger's name, because vouchers name it by nothing else."""
    return f"name:{key(name)}"


class Ledgers:
    """Roles of ledgers and bases of voucher types, from all that one delivery tells and the source's settings.

    `settings`: `debtors`, `creditors`, `banks`, `cash` are lists of ledgers or groups; `voucher_types` gives the
    base of the firm's own types.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._groups: dict[str, Group] = {}
        self._types: dict[str, Group] = {}
        self._ledgers: dict[str, Ledger] = {}
        self._told: dict[str, Role] = {}
        self._shown: dict[str, Role] = {}
        self._in_books: set[str] = set()
        self.guessed: set[str] = set()
        named: tuple[tuple[str, Role], ...] = (
            ("debtors", "debtor"), ("creditors", "creditor"), ("banks", "bank"), ("cash", "cash"),
        )  # fmt: skip
        for setting, role in named:
            for name in _names(settings.get(setting)):
                self._told[key(name)] = role
        bases = settings.get("voucher_types")
        self._bases = {key(str(a)): key(str(b)) for a, b in bases.items()} if isinstance(bases, dict) else {}

    def add_group(self, group: Group) -> None:
        """Learn a group."""
        self._groups[key(group.name)] = group

    def add_type(self, voucher_type: Group) -> None:
        """Learn a voucher type."""
        self._types[key(voucher_type.name)] = voucher_type

    def add_ledger(self, ledger: Ledger) -> None:
        """Learn a ledger's group."""
        self._ledgers[key(ledger.name)] = ledger

    # ---- roles -------------------------------------------------------------------------------------
    def role_of_ledger(self, ledger: Ledger) -> Role | None:
        """Return the role of a master; None if its group is not told."""
        return (
            self._told.get(key(ledger.name))
            or _primary(ledger.group)
            or (self._role_of_group(ledger.parent) if ledger.parent else None)
        )

    def role(self, line: Line) -> Role | None:
        """Return the role of a line's ledger; None if nothing tells it."""
        name = key(line.ledger)
        if not name:
            return "trade" if line.stock else None
        if told := self._told.get(name):
            return told
        if told := _primary(line.group) or (self._role_of_group(line.parent) if line.parent else None):
            return told
        master = self._ledgers.get(name)
        if master is not None and (told := self.role_of_ledger(master)):
            return told
        if shown := self._shown.get(name):
            if shown in ("debtor", "creditor"):
                self.guessed.add(name)
            return shown
        if line.stock:
            return "tax" if _TAX.search(line.ledger) else "trade"
        return None

    def _role_of_group(self, name: str) -> Role | None:
        """Walk up the groups to one of Tally's own."""
        seen: set[str] = set()
        while (at := key(name)) and at not in seen:
            seen.add(at)
            group = self._groups.get(at)
            for known in (at, key(group.reserved) if group else ""):
                if known in self._told:
                    return self._told[known]
                if known in _ROLES:
                    return _ROLES[known]
            if group is None or not group.parent:
                return "other" if at in _OTHERS else None
            if at in _OTHERS and key(group.parent) in ("", "primary"):
                return "other"
            name = group.parent
        return "other" if key(name) == "primary" else None

    # ---- voucher types -----------------------------------------------------------------------------
    def base(self, voucher: Voucher) -> str:
        """Return the built-in type that a voucher's type stands on, in small letters; '' for one that is in the books
        but of no known base; Rejected if that can't be told."""
        name = key(voucher.type)
        for _ in range(4):
            for known in (
                key(voucher.base) if name == key(voucher.type) else "",
                self._bases.get(name, ""),
                name,
            ):
                if known in ACCOUNTING or known in NOT_IN_THE_BOOKS:
                    return known
            stands_on = self._types.get(name)
            if stands_on is None:
                break
            for known in (key(stands_on.reserved), key(stands_on.parent)):
                if known in ACCOUNTING or known in NOT_IN_THE_BOOKS:
                    return known
            name = key(stands_on.parent)
        if key(voucher.type) in self._in_books:
            return ""
        raise Rejected(
            "tally.voucher_type",
            f"What the voucher type {voucher.type[:60]!r} is based on isn't told: it may be an order, or in the books.",
            remedy="Export List of Accounts (all masters) from Tally and import it together with the vouchers.",
        )

    # ---- what the vouchers themselves show ---------------------------------------------------------
    def learn(self, vouchers: Iterable[Voucher]) -> None:
        """Gather what the vouchers of a delivery show of ledgers and types whose group or base nobody tells."""
        vouchers = list(vouchers)
        for voucher in vouchers:
            if any(line.bills or line.instruments for line in voucher.lines):
                self._in_books.add(key(voucher.type))  # orders have no bill-wise lines
        seen: dict[str, set[str]] = defaultdict(set)
        for voucher in vouchers:
            if voucher.optional or voucher.cancelled:
                continue
            try:
                base = self.base(voucher)
            except Rejected:
                base = ""
            for line in voucher.lines:
                if line.ledger and self.role(line) is None:
                    seen[key(line.ledger)] |= _evidence(voucher, line, base)
        for name, shown in seen.items():
            if role := _conclude(name, shown):
                self._shown[name] = role


def _evidence(voucher: Voucher, line: Line, base: str) -> set[str]:
    """What one line shows of its ledger."""
    shown: set[str] = set()
    if line.personal is False:
        shown.add("impersonal")
    if line.instruments or base == "contra":
        shown.add("money")
    same_side = [other for other in voucher.lines if (other.amount > 0) == (line.amount > 0)]
    moves_money = (base == "receipt" and line.amount > 0) or (base == "payment" and line.amount < 0)
    if moves_money and len(same_side) == 1 and not line.bills:
        shown.add("money")
    suspect = line.personal is True or (
        line.personal is None and (bool(line.bills) or key(line.ledger) == key(voucher.party))
    )
    if suspect:
        shown.add("personal")
        side = "debit" if line.amount > 0 else "credit"
        if base not in ("receipt", "payment") or any(bill.how == "against" for bill in line.bills):
            shown.add(f"{base} {side}")  # money on account may be anybody's
    return shown


def _conclude(name: str, shown: set[str]) -> Role | None:
    """Return what the evidence says, the strongest first; None where it contradicts itself or says nothing."""
    if _CASH.fullmatch(name):
        return "cash"
    if "money" in shown:
        return "bank"
    if "personal" not in shown:
        return "tax" if _TAX.search(name) else "other" if "impersonal" in shown else None
    if "impersonal" in shown:
        return None
    for debtor, creditor in (
        ("sales debit", "purchase credit"),
        ("credit note credit", "debit note debit"),
        ("receipt credit", "payment debit"),
    ):
        if debtor in shown or creditor in shown:
            if debtor in shown and creditor in shown:
                return None
            return "debtor" if debtor in shown else "creditor"
    return None


def _primary(group: str) -> Role | None:
    """Return the role of a primary group as Tally tells it of a ledger; None where it is too wide."""
    name = key(group)
    if name in _ROLES:
        return _ROLES[name]
    return "other" if name in _OTHERS and name not in _TOP_ONLY else None


def _names(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []
