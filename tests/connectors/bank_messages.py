"""Writers of made-up statements as MT940, CAMT.053 and OFX, the same story as the tables tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

from tests.connectors.bank_layouts import Txn, plain

ACCOUNT = "50100000004421"


def comma(minor: int) -> str:
    return plain(abs(minor)).replace(".", ",")


def side(minor: int) -> str:
    return "D" if minor < 0 else "C"


def reference_of(txn: Txn) -> str:
    return txn.reference[4:] if txn.reference.startswith("0000") else txn.reference


def as_mt940(
    txns: Sequence[Txn], opening: int, *, account: str = ACCOUNT, currency: str = "INR", envelope: bool = True
) -> bytes:
    """Write one message as an Indian bank does: the narration of its other downloads in :86:, wrapped at 65."""
    first, last = txns[0].posted_on, txns[-1].posted_on
    closing = opening + sum(txn.amount for txn in txns)
    lines = [
        *(["{1:F01HDFCINBBAXXX0000000000}{2:O9400000000000HDFCINBBXXXX00000000000000000000N}{4:"] if envelope else []),
        ":20:STMT260901",
        f":25:{account}",
        ":28C:00009/001",
        f":60F:{side(opening)}{first:%y%m%d}{currency}{comma(opening)}",
    ]  # fmt: skip
    for txn in txns:
        lines.append(
            f":61:{txn.posted_on:%y%m%d}{txn.posted_on:%m%d}{side(txn.amount)}{comma(txn.amount)}NTRF"
            f"{reference_of(txn) or 'NONREF'}"
        )
        text = txn.narration
        lines.append(f":86:{text[:65]}")
        lines += [text[start : start + 65] for start in range(65, len(text), 65)]
    lines += [f":62F:{side(closing)}{last:%y%m%d}{currency}{comma(closing)}", "-}" if envelope else "-"]
    return "\r\n".join([*lines, ""]).encode()


def camt_balance(code: str, minor: int, on: date, currency: str = "INR") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{plain(abs(minor))}</Amt>"
        f"<CdtDbtInd>{'DBIT' if minor < 0 else 'CRDT'}</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>"
    )


def camt_entry(txn: Txn, *, status: str = "BOOK", inner: str = "", currency: str = "INR") -> str:
    details = inner or (
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{escape(reference_of(txn)) or 'NOTPROVIDED'}</EndToEndId></Refs>"
        f"<RmtInf><Ustrd>{escape(txn.narration)}</Ustrd></RmtInf></TxDtls></NtryDtls>"
    )
    return (
        f"<Ntry><Amt Ccy='{currency}'>{plain(abs(txn.amount))}</Amt>"
        f"<CdtDbtInd>{'DBIT' if txn.amount < 0 else 'CRDT'}</CdtDbtInd><Sts><Cd>{status}</Cd></Sts>"
        f"<BookgDt><Dt>{txn.posted_on}</Dt></BookgDt><ValDt><Dt>{txn.posted_on}</Dt></ValDt>{details}</Ntry>\n"
    )


def camt_statement(
    entries: Sequence[str], *, opening: int, closing: int, on: tuple[date, date], account: str = ACCOUNT
) -> str:
    return (
        f"<Stmt><Id>S-{account[-4:]}</Id><Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>INR</Ccy></Acct>\n"
        f"{camt_balance('OPBD', opening, on[0])}\n{camt_balance('CLBD', closing, on[1])}\n{''.join(entries)}</Stmt>\n"
    )


def camt_document(*statements: str, version: str = "08") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>M1</MsgId></GrpHdr>\n{''.join(statements)}</BkToCstmrStmt></Document>\n"
    ).encode()


def as_camt(txns: Sequence[Txn], opening: int, *, account: str = ACCOUNT) -> bytes:
    closing = opening + sum(txn.amount for txn in txns)
    on = txns[0].posted_on, txns[-1].posted_on
    entries = [camt_entry(txn) for txn in txns]
    return camt_document(camt_statement(entries, opening=opening, closing=closing, on=on, account=account))


OFX_1 = (
    "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:102\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n"
    "COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n"
)
OFX_2 = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\r\n'
    '<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\r\n'
)


def ofx_entry(txn: Txn, number: int, *, xml: bool) -> str:
    kind = "DEBIT" if txn.amount < 0 else "CREDIT"
    fields = [
        ("TRNTYPE", kind), ("DTPOSTED", f"{txn.posted_on:%Y%m%d}120000[+5.5:IST]"), ("TRNAMT", plain(txn.amount)),
        ("FITID", f"F{txn.posted_on:%Y%m%d}{number:03}"), ("REFNUM", reference_of(txn)),
        ("NAME", escape(txn.narration[:32].strip(), quote=False)), ("MEMO", escape(txn.narration, quote=False)),
    ]  # fmt: skip
    lines = [f"<{tag}>{value}{f'</{tag}>' if xml else ''}" for tag, value in fields if value]
    return "\r\n".join(["<STMTTRN>", *lines, "</STMTTRN>", ""])


def as_ofx(txns: Sequence[Txn], opening: int, *, account: str = ACCOUNT, xml: bool = False) -> bytes:
    closing = opening + sum(txn.amount for txn in txns)
    entries = "".join(ofx_entry(txn, number, xml=xml) for number, txn in enumerate(txns, 1))
    end = txns[-1].posted_on

    def leaf(tag: str, value: str) -> str:
        return f"<{tag}>{value}{f'</{tag}>' if xml else ''}\r\n"

    body = (
        f"<OFX>\r\n<BANKMSGSRSV1>\r\n<STMTTRNRS>\r\n<STMTRS>\r\n{leaf('CURDEF', 'INR')}<BANKACCTFROM>\r\n"
        f"{leaf('BANKID', 'HDFC0000060')}{leaf('ACCTID', account)}{leaf('ACCTTYPE', 'CURRENT')}</BANKACCTFROM>\r\n"
        f"<BANKTRANLIST>\r\n{leaf('DTSTART', f'{txns[0].posted_on:%Y%m%d}')}{leaf('DTEND', f'{end:%Y%m%d}')}"
        f"{entries}</BANKTRANLIST>\r\n<LEDGERBAL>\r\n{leaf('BALAMT', plain(closing))}"
        f"{leaf('DTASOF', f'{end:%Y%m%d}')}</LEDGERBAL>\r\n</STMTRS>\r\n</STMTTRNRS>\r\n</BANKMSGSRSV1>\r\n</OFX>\r\n"
    )
    return ((OFX_2 if xml else OFX_1) + body).encode("utf-8" if xml else "cp1252")
