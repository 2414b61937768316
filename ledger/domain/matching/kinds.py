"""What a bank line is if it is no sale and no purchase, from the bank's own words: interest, charges, a tax refund …

One table of rows, tried from above; nothing here knows customers. A payer's name is kept apart from the bank's words,
so that `INTEREST INFOTECH` is a firm and `INT.PD` is interest. Amounts and days play no part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from kit.catalogues import N_

Side = Literal["credit", "debit"]

LABELS: Mapping[str, str] = {
    "own_transfer": N_("Our own transfer"),
    "loan": N_("A loan"),
    "owner_money": N_("Owner's own money"),
    "gst_refund": N_("GST refund"),
    "tax_refund": N_("Income tax refund"),
    "interest": N_("Interest"),
    "vendor_refund": N_("A vendor's refund"),
    "financier_advance": N_("A financier's advance on bills"),
    "gateway_payout": N_("A payment gateway's payout"),
    "reversal": N_("Our own payment came back"),
    "cash_deposit": N_("Our cash, paid in"),
    "cheque_return": N_("A cheque came back"),
    "bank_charge": N_("Bank charges"),
    "gst": N_("GST payment"),
    "tds": N_("TDS payment"),
    "income_tax": N_("Income tax payment"),
    "pf": N_("Provident fund"),
    "esi": N_("ESI"),
    "salary": N_("Salaries"),
    "rent": N_("Rent"),
    "emi": N_("EMI"),
    "cash_withdrawal": N_("Cash taken out"),
    "other": N_("Something else, not a sale"),
}
"""Every kind, as an owner calls it."""
CREDITS = (
    "own_transfer", "loan", "owner_money", "interest", "gst_refund", "tax_refund", "vendor_refund",
    "financier_advance", "gateway_payout", "reversal", "cash_deposit", "other",
)  # fmt: skip
"""What a credit may be, in the order in which it is offered."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a line seems to be; `certain` where the bank's own words leave no doubt; `words`: what says so."""

    kind: str
    certain: bool
    words: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A pattern (upper case) in the bank's `words` (the payer's name left out) or in the whole `line`."""

    kind: str
    side: Side | None
    where: Literal["words", "line"]
    pattern: str
    says: str
    certain: bool = False
    unless: str = ""


_FIRM_WORDS = (
    r"(?:TRADER|TRADING|INFOTECH|TECH|HOTEL|SOFTWARE|SYSTEM|SOLUTION|SERVICE|ENTERPRISE|INDUSTR|STORE|AGENC|ASSOCIATE"
    r"|CONSULT|STAR\b|SONS\b|PVT|PRIVATE|LTD|LIMITED|LLP|FINCORP|EXPORT|FOODS?\b|CORP|DESIGN|STUDIO|MOTOR|STEEL|TEXTILE"
    r"|KENDRA|CREATION|INTERIOR|ELECTRIC|PAPER|MEDIA)"
)
_FIRM = rf"(?!\s*(?:[A-Z&]+\s+){{0,2}}{_FIRM_WORDS})"
"""Not the beginning of a firm's name."""
_SENT = r"\b(?:NEFT|RTGS|IMPS|UPI|MMT|TPT|CLG|CTS|INF|INFT|P2A|P2M)\b"
"""Somebody sent it: then a word for interest or charges is his, not the bank's."""
_LENDERS = (
    r"\b(?:BAJAJ FIN\w*|LENDINGKART|TATA CAPITAL|NEOGROWTH|FLEXILOANS|INDIFI|CAPITAL FLOAT|PROTIUM|KINARA|UGRO"
    r"|ADITYA BIRLA FIN\w*|CLIX CAPITAL|POONAWALLA FIN\w*|HDB FIN\w*|SMFG INDIA|IIFL FIN\w*|SHRIRAM FIN\w*|MUTHOOT"
    r"|CHOLAMANDALAM|SIDBI|MUDRA)\b"
)
_GATEWAYS = (
    r"\b(?:RAZORPAY|CASHFREE|PAYU|STRIPE|CCAVENUE|INFIBEAM|BILLDESK|INDIAIDEAS|INSTAMOJO|EASEBUZZ|PINE ?LABS|MSWIPE"
    r"|ZAAKPAY|WORLDLINE|BHARATPE|JUSPAY|PAYGLOCAL)(?!\s*(?:TRADER|ENTERPRISE|STORE|HOTEL))"
)
_WALLETS = (
    r"\b(?:PHONEPE|PAYTM|ONE ?97|MOBIKWIK|GOOGLE ?PAY|AMAZON ?PAY)\W*(?:PVT|PRIVATE|PAYMENT|COMMUNICATION|SERVICE|LTD"
    r"|LIMITED|SETTLE|PAYOUT|MERCHANT|NODAL|ESCROW|STLMT)"
)
_FINANCIERS = (
    r"\b(?:RXIL|RECEIVABLES EXCHANGE|M1 ?XCHANGE|M1XCHANGE|MYND ?SOL\w*|INVOICEMART|A ?TREDS|TREDS|C2FO|KREDX|VAYANA"
    r"|CREDABLE|FACTORING|FACTORS LTD|CANBANK FACTORS|SBI GLOBAL FACTORS|BILL DISC\w*|INVOICE DISC\w*|LC DISC\w*)\b"
)

_ROWS: tuple[_Row, ...] = (
    # -- the bank speaks for itself -----------------------------------------------------------------
    _Row("reversal", "credit", "words", r"\b(?:REVERSAL|REV|RVSL|REVSL|REVERSED|RETURN(?:ED)?|RTN|REJECT(?:ED)?)\b.*\b(?:NEFT|RTGS|IMPS|UPI)\b"
         r"|\b(?:NEFT|RTGS|IMPS|UPI|ACH|NACH)\W{0,3}(?:REV|RVSL|REVERSAL|RETURN|RTN|RET|REJ)\b|^(?:REV|RVSL|REVERSAL)[:/ -]",
         N_("the bank says that a payment of ours came back")),
    _Row("reversal", "credit", "words", r"\b(?:CHRGS?|CHARGES?|CHGS?)\b.{0,15}\b(?:REV|REVERSAL|REFUND|WAIVED?)\b|\bREV(?:ERSAL)?\b.{0,12}\b(?:CHRGS?|CHARGES?|CHGS?|FEE)\b",
         N_("the bank gives back a charge")),
    _Row("cheque_return", None, "words", r"\b(?:CHQ|CHEQUE|CLG|CTS|I/?W|O/?W|INWARD|OUTWARD)\b.{0,25}\b(?:RTN|RET|RETURN(?:ED)?|BOUNCED?|UNPAID|DISHON\w*)\b"
         r"|\b(?:RTN|RETURN)\W{0,3}(?:CHQ|CHEQUE|CLG)\b|\bFUNDS? INSUFF\w*", N_("the bank says that a cheque came back"),
         unless=r"\b(?:CHRGS?|CHARGES?|CHGS?|FEES?|PENALTY)\b"),
    _Row("interest", "credit", "words", r"\bINT(?:EREST)?\.? ?(?:PD|PAID)\b", N_("the bank says: interest paid"), certain=True, unless=_SENT),
    _Row("interest", "credit", "words", r"^(?:\d{6,}\W{0,3})?(?:CREDIT INT(?:EREST)?|INT(?:EREST)? CREDIT(?:ED)?|SB(?:A)? ?INT(?:EREST)?|INT(?:EREST)? ON (?:FD|TD|RD|DEPOSIT|SB|SAVINGS?)"
         r"|(?:FD|TD|RD|MOD) ?INT(?:EREST)?|INT(?:EREST)? CAPITALI[SZ]ED|INT\.? ?CR)\b" + _FIRM,
         N_("the bank says: interest"), certain=True, unless=_SENT),
    _Row("interest", "debit", "words", r"^(?:\d{6,}\W{0,3})?(?:DEBIT INT(?:EREST)?|INT(?:EREST)?\.? ?(?:COLL\w*|CHARGED?|DR|DEBIT)|OD INT(?:EREST)?|CC INT(?:EREST)?)\b" + _FIRM,
         N_("the bank says: interest charged"), certain=True, unless=_SENT),
    _Row("bank_charge", "debit", "words", r"\b(?:SMS|CONSOLIDATED|SERVICE|MAINT\w*|AMB|MAB|AMC|NEFT|RTGS|IMPS|CASH|CHQ|CHEQUE|CHQBK|CHEQUEBOOK|FOLIO|LEDGER|PROCESSING|RTN|RETURN|DOCUMENT\w*|ATM|DEBIT CARD|POS|MDR)"
         r"\W{0,3}(?:\w+\W{1,3}){0,3}(?:CHRGS?|CHARGES?|CHGS?|FEES?|PENALTY)\b(?!.*\b(?:PVT|PRIVATE|LTD|LIMITED|LLP|TRADERS?|SERVICES)\b)",
         N_("the bank says: charges"), certain=True, unless=r"\b(?:UPI|MMT|P2A|P2M|TPT)\b|\b(?:NEFT|RTGS|IMPS)\W{1,3}(?=\w*\d)\w{8,}"),
    _Row("bank_charge", "debit", "words", r"^(?:\d{6,}\W{0,3})?(?:BANK )?(?:CHRGS?|CHARGES?|CHGS?)\b(?!.*\b(?:PVT|PRIVATE|LTD|LIMITED|LLP)\b)" + _FIRM,
         N_("the bank says: charges"), certain=True, unless=_SENT),
    _Row("cash_deposit", "credit", "words", r"^(?:BY )?CASH\b(?:\W{0,3}(?:DEP\w*|DEPOSIT|PAID IN|BNA|CDM)|\W*$)|\bCASH DEP\w*|\b(?:CDM|BNA|CAM)\b\W.{0,20}\bCASH\b|^BY CASH\b" + _FIRM,
         N_("the bank says: cash paid in"), unless=_SENT),
    _Row("cash_withdrawal", "debit", "words", r"^(?:ATW|ATM|NWD|EAW|ATM WDL|CASH WDL|CWDR|TO CASH|SELF)\b|\bCASH (?:WDL|WITHDRAWAL?|WDRAWAL|PAID)\b|\bATM[ -]?(?:WDL|CASH|WITHDRAWAL)\b",
         N_("the bank says: cash taken out")),
    # -- the state ----------------------------------------------------------------------------------
    _Row("tax_refund", "credit", "line", r"\b(?:ITD ?TAX ?REFUND|CMPITD?R?|CPC ?TAX ?REFUND|INCOME ?TAX ?REFUND|IT REFUND|TAX REFUND|ITR REFUND|ITDTAX\w*|ITREFUND)\b",
         N_("a refund of income tax by its words")),
    _Row("gst_refund", "credit", "line", r"\bGST\W{0,3}(?:REFUND|RFD|RFND)\b|\bREFUND\W{0,4}(?:OF )?(?:I?GST|CGST)\b|\b(?:PAO|PFMS|CBIC|CBEC|GSTN)\b.{0,25}\b(?:GST|REFUND|CBIC|CBEC)\b|\bRFD-?0?[1-9]\b",
         N_("a GST refund by its words")),
    _Row("gst", "debit", "line", r"\bGST ?(?:PMT-?06|CHALLAN|PAYMENT|PYMT|TAX)\b|\bGSTN?\W{0,3}(?:RBI|CPIN|GSTPMT)\b|\bGOODS (?:AND|&) SERVICES? TAX\b|\bGST PMT\b|\bGSTPAYMENT\b|\bGST/",
         N_("a GST payment by its words"), unless=r"\bGST (?:SUVIDHA|CONSULT|SOLUTION)"),
    _Row("tds", "debit", "line", r"\bTDS\b\W{0,3}(?:PAYMENT|PYMT|CHALLAN|26QB?|24Q|27Q|FOR|\d)|\b(?:CBDT|OLTAS|TIN ?2\.?0|ITNS ?281)\b.*\bTDS\b|\bTDS/", N_("a TDS payment by its words")),
    _Row("income_tax", "debit", "line", r"\b(?:CBDT|OLTAS|ITNS ?280|ADVANCE TAX|SELF ASSESS\w* TAX|INCOME ?TAX(?: DEP\w*)?|DIRECT TAX\w*|DTAX)\b", N_("a tax payment by its words")),
    _Row("pf", "debit", "line", r"\b(?:EPFO?|PROVIDENT FUND|PF CHALLAN|EPF ?CHALLAN)\b", N_("a provident fund payment by its words")),
    _Row("esi", "debit", "line", r"\b(?:ESIC|ESI CHALLAN|EMPLOYEES? STATE INS\w*)\b", N_("an ESI payment by its words")),
    # -- money of others ----------------------------------------------------------------------------
    _Row("financier_advance", "credit", "line", _FINANCIERS, N_("names a bill exchange or financier")),
    _Row("gateway_payout", "credit", "line", _GATEWAYS, N_("comes from a payment gateway"), unless=r"\bREFUND\b"),
    _Row("gateway_payout", "credit", "line", _WALLETS, N_("comes from a payment gateway"), unless=r"\bUPI\b|\bREFUND\b"),
    _Row("loan", "credit", "words", r"\b(?:LOAN|LN|TERM LOAN|TL|OD|CC)\W{0,3}(?:A/?C\W{0,3})?(?:\d+\W{0,3})?(?:DISB\w*|DSB\w*|DRAWDOWN|CREDIT|CR|RELEASE|PROCEEDS)\b|\bDISBURS\w*|\bLOAN DISB\w*", N_("the words tell of a loan")),
    _Row("loan", "credit", "words", r"\b(?:UNSECURED|HAND|BUSINESS|TERM|GOLD|DEMAND|PERSONAL) LOAN\b" + _FIRM, N_("the words tell of a loan")),
    _Row("loan", "credit", "line", _LENDERS, N_("comes from a lender")),
    _Row("emi", "debit", "words", r"\b(?:EMI|LOAN (?:REPAY\w*|RECOV\w*|INST\w*)|LN REPAY\w*|INSTAL?L?MENT|LOAN A/?C)\b" + _FIRM, N_("the words tell of an instalment")),
    _Row("emi", "debit", "line", r"\b(?:ACH|NACH|ECS|SI)\b.*(?:" + _LENDERS + r"|\bFIN(?:ANCE|CORP|SERV)\b)", N_("a lender collects it")),
    _Row("salary", "debit", "words", r"\b(?:SALAR(?:Y|IES)|SAL FOR|SAL (?:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)\w*|PAYROLL|WAGES|STIPEND)\b" + _FIRM, N_("the words tell of salaries")),
    _Row("rent", "debit", "words", r"\b(?:RENT|OFFICE RENT|SHOP RENT|GODOWN RENT|LEASE RENT\w*)\b(?! A )" + _FIRM, N_("the words tell of rent")),
    # -- between our own hands ----------------------------------------------------------------------
    _Row("own_transfer", None, "words", r"\b(?:OWN (?:A/?C|ACC\w*|FUND\w*|TRANSFER|TRF)|SELF(?: (?:TRANSFER|TRF|A/?C|FUNDS?|PAY\w*))?|SWEEP\w*|AUTO ?SWEEP|MOD TRF|INTERNAL TRF|CONTRA)\b" + _FIRM,
         N_("the words tell of an own transfer"), unless=r"\bSELF ASSESS|\bSELF ?(?:HELP|CARE|DRIVE)"),
    _Row("own_transfer", "credit", "words", r"\b(?:FD|TD|RD|TDR|STDR|DEPOSIT)\b.{0,20}\b(?:CLOS\w*|MATUR\w*|PREMAT\w*|PROCEEDS?|REDEEM\w*|REDEMPTION|BREAK\w*)\b", N_("the words tell of a deposit that ended")),
    _Row("owner_money", "credit", "words", r"\b(?:CAPITAL(?: (?:INTRO\w*|INFUSION|CONTRIB\w*|A/?C|ACCOUNT))?|PARTNERS? (?:CAPITAL|CONTRIB\w*|MONEY)|DIRECTORS? (?:LOAN|MONEY|FUNDS?)|PROPRIETORS? (?:FUND\w*|MONEY|CAPITAL)|OWNERS? (?:FUND\w*|MONEY|CAPITAL))\b" + _FIRM,
         N_("the words tell of an owner's money"), unless=r"\bCAPITAL (?:FLOAT|GOODS|FIRST|LOCAL|SMALL)\b"),
    _Row("owner_money", "debit", "words", r"\b(?:DRAWINGS?|PARTNERS? (?:DRAWINGS?|REMUN\w*)|DIRECTORS? (?:LOAN|REMUN\w*))\b" + _FIRM, N_("the words tell of an owner's money")),
    _Row("vendor_refund", "credit", "words", r"\b(?:REFUND|RFND|RFD|CASHBACK|CREDIT NOTE REFUND|EXCESS (?:PAID|PAYMENT|PMT)|WRONGLY PAID)\b" + _FIRM, N_("the words tell of a refund")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Compiled:
    row: _Row
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None


def kind_of(narration: str, *, side: Side, payer: str | None = None, ours: Iterable[str] = ()) -> Kind | None:
    """Return what a line seems to be by its words, or None; `payer` as cut from it, `ours`: names that we go by."""
    line = _PLAIN.sub(" ", narration.upper()).strip()
    telling = not _HEADS.isdisjoint(_BEGINS.findall(line))
    words = _without(line, payer) if telling else line
    for one in _rows(side) if telling else ():
        text = words if one.row.where == "words" else line
        if one.pattern.search(text) and not (one.unless and one.unless.search(line)):
            return Kind(one.row.kind, one.row.certain, one.row.says)
    if _is_ours(line, payer, ours):
        return Kind("own_transfer", False, N_("it bears our own name"))
    return None


_PLAIN = re.compile(r"[\s_*]+")
_NOT_ALNUM = re.compile(r"[^0-9A-Z]+")
_LEGAL = re.compile(r"\b(?:M/?S|MESSRS|PVT|PRIVATE|LTD|LIMITED|LLP|THE)\b\.?")
_HEADS = frozenset(
    [
        "INT",
        "REV",
        "RVS",
        "RET",
        "RTN",
        "REJ",
        "CHQ",
        "CHE",
        "BOU",
        "UNP",
        "DIS",
        "FUN",
        "CHR",
        "CHA",
        "CHG",
        "FEE",
        "PEN",
        "CAS",
        "CDM",
        "BNA",
        "CAM",
        "ATM",
        "ATW",
        "NWD",
        "EAW",
        "CWD",
        "SEL",
        "TO",
        "ITD",
        "CMP",
        "CPC",
        "INC",
        "IT",
        "TAX",
        "ITR",
        "GST",
        "IGS",
        "CGS",
        "REF",
        "RFN",
        "RFD",
        "PAO",
        "PFM",
        "CBI",
        "CBE",
        "GOO",
        "TDS",
        "CBD",
        "OLT",
        "TIN",
        "ITN",
        "ADV",
        "DIR",
        "DTA",
        "EPF",
        "PRO",
        "PF",
        "ESI",
        "EMP",
        "RXI",
        "REC",
        "XCH",
        "MYN",
        "INV",
        "TRE",
        "C",
        "FO",
        "CFO",
        "KRE",
        "VAY",
        "CRE",
        "FAC",
        "CAN",
        "BIL",
        "LC",
        "RAZ",
        "CAS",
        "PAY",
        "STR",
        "CCA",
        "INF",
        "IND",
        "EAS",
        "PIN",
        "MSW",
        "ZAA",
        "WOR",
        "BHA",
        "JUS",
        "PHO",
        "ONE",
        "MOB",
        "GOO",
        "AMA",
        "LOA",
        "LN",
        "TER",
        "TL",
        "OD",
        "CC",
        "DIS",
        "UNS",
        "HAN",
        "BUS",
        "GOL",
        "DEM",
        "PER",
        "BAJ",
        "LEN",
        "TAT",
        "NEO",
        "FLE",
        "CAP",
        "UGR",
        "KIN",
        "ADI",
        "CLI",
        "POO",
        "HDB",
        "SMF",
        "IIF",
        "SHR",
        "MUT",
        "CHO",
        "SID",
        "MUD",
        "EMI",
        "INS",
        "SAL",
        "WAG",
        "STI",
        "REN",
        "OFF",
        "SHO",
        "GOD",
        "LEA",
        "OWN",
        "SWE",
        "AUT",
        "MOD",
        "CON",
        "FD",
        "TD",
        "RD",
        "TDR",
        "STD",
        "DEP",
        "PAR",
        "OWN",
        "DRA",
        "EXC",
        "WRO",
        "FIN",
        "SBI",
        "SBA",
        "DEB",
        "BAN",
        "CRG",
        "SB",
    ]
)
"""How the words begin that any of the patterns needs; most lines of customers have none of them."""
_BEGINS = re.compile(r"(?<![A-Z])[A-Z]{2,3}")


@lru_cache(maxsize=2)
def _rows(side: Side) -> tuple[_Compiled, ...]:
    return tuple(
        _Compiled(row, re.compile(row.pattern), re.compile(row.unless) if row.unless else None)
        for row in _ROWS
        if row.side in (side, None)
    )


def _without(line: str, payer: str | None) -> str:
    """Leave the payer's name out of a line, if it stands there as a name (not as `SELF`, not as all of it)."""
    name = _PLAIN.sub(" ", (payer or "").upper()).strip()
    if len(name) < 5 or name == line or name not in line:
        return line
    if not _FIRM_WORD.search(name) and len(name.split()) < 2:
        return line
    return line.replace(name, "·")


_FIRM_WORD = re.compile(_FIRM_WORDS)


def _is_ours(line: str, payer: str | None, ours: Iterable[str]) -> bool:
    """Whether one of our names stands in the line, or begins with the payer as the bank has cut it."""
    squashed = _NOT_ALNUM.sub("", line)
    cut = _NOT_ALNUM.sub("", _LEGAL.sub(" ", (payer or "").upper()))
    for name in ours:
        own = _NOT_ALNUM.sub("", _LEGAL.sub(" ", name.upper()))
        if len(own) >= 6 and (own in squashed or (len(cut) >= 8 and own.startswith(cut))):
            return True
    return False
