# ruff: noqa: N806  (classes of its pool are named as such, as everywhere in Tryton)
"""Runs inside Tryton's own environment: makes the same bills and statement lines there, and applies one rule to them.

Reads {"bills": [[number, party, paise]], "lines": [[day, paise, narration]], "uri", "database", "chunk"} from the file that is
its argument; prints JSON with the seconds of applying the rule and how many lines it told the bill of. The bills are
posted by an UPDATE: how they came to be posted isn't measured.
"""

import json
import sys
import time
from datetime import date
from decimal import Decimal

PATTERN = r"(?P<invoice>INV-\d{5}/26-27)"


def main() -> None:
    """Make the database, fill it, measure."""
    with open(sys.argv[1]) as file:
        told = json.load(file)
    from trytond import config

    config.set("database", "uri", told["uri"])
    from trytond import __version__, backend
    from trytond.pool import Pool
    from trytond.transaction import Transaction

    name = told["database"]
    with Transaction().start(None, 0, autocommit=True) as transaction:
        transaction.database.create(transaction.connection, name)
    with Transaction().start(name, 0) as transaction:
        backend.Database(name).init()
        transaction.commit()
    Pool.start()
    pool = Pool(name)
    pool.init(update=["res", "ir"])
    with Transaction().start(name, 0):
        pool.get("ir.module").update_list()
    pool.init(update=["account_statement_rule"], activatedeps=True)
    pool = Pool(name)
    with Transaction().start(name, 0) as transaction:
        company = _company(pool)
    with Transaction().start(name, 0, context={"company": company}) as transaction:
        _fill(pool, company, told)
        transaction.connection.commit()
        _post(transaction, told)
    seconds = _apply(pool, name, company, told["chunk"])
    with Transaction().start(name, 0, context={"company": company}):
        found = pool.get("account.statement.line").search([])
        matched = sum(line.related_to is not None and line.party is not None for line in found)
    print(json.dumps({"version": __version__, "seconds": seconds, "matched": matched}))


def _company(pool):
    Party, Company = pool.get("party.party"), pool.get("company.company")
    Currency = pool.get("currency.currency")
    currency = Currency(name="Indian rupee", symbol="₹", code="INR", digits=2, rounding=Decimal("0.01"))
    currency.save()
    party = Party(name="Vardhaman Traders")
    party.save()
    company = Company(party=party, currency=currency)
    company.save()
    return company.id


def _fill(pool, company, told):
    Account, Type = pool.get("account.account"), pool.get("account.account.type")
    kinds = {}
    for name, extra in (
        ("Cash", {"statement": "balance"}),
        ("Receivable", {"statement": "balance", "receivable": True, "assets": True}),
        ("Payable", {"statement": "balance", "payable": True}),
        ("Revenue", {"statement": "income", "revenue": True}),
    ):
        kinds[name] = Type(name=name, company=company, **extra)
    Type.save(list(kinds.values()))
    accounts = {
        name: Account(name=name, code=name, company=company, type=kind, reconcile=name != "Revenue",
                      party_required=name in ("Receivable", "Payable"))
        for name, kind in kinds.items()
    }  # fmt: skip
    Account.save(list(accounts.values()))
    Sequence, SequenceType = pool.get("ir.sequence"), pool.get("ir.sequence.type")
    kind = SequenceType.search([("name", "=", "Account Journal")], limit=1)
    sequence = Sequence(name="Statements", sequence_type=kind[0], company=None) if kind else None
    if sequence is not None:
        sequence.save()
    AccountJournal, Journal = pool.get("account.journal"), pool.get("account.statement.journal")
    book = AccountJournal(name="Bank", code="BNK", type="statement")
    sales = AccountJournal(name="Sales", code="SAL", type="revenue")
    if sequence is not None and "sequence" in AccountJournal._fields:
        book.sequence = sales.sequence = sequence
    AccountJournal.save([book, sales])
    currency = pool.get("company.company")(company).currency
    journal = Journal(
        name="HDFC",
        journal=book,
        currency=currency,
        company=company,
        validation="number_of_lines",
        account=accounts["Cash"],
    )
    journal.save()
    parties = _parties(pool, told)
    _bills(pool, company, currency, accounts, sales, parties, told)
    Rule, RuleLine = pool.get("account.statement.rule"), pool.get("account.statement.rule.line")
    rule = Rule(
        name="Bill in the narration", company=company, description=PATTERN, lines=[RuleLine(amount="pending")]
    )
    rule.save()
    Statement, Origin = pool.get("account.statement"), pool.get("account.statement.origin")
    chunk = told["chunk"]
    for start in range(0, len(told["lines"]), chunk):
        part = told["lines"][start : start + chunk]
        statement = Statement(
            name=f"HDFC {start}",
            company=company,
            journal=journal,
            date=date(2026, 11, 20),
            number_of_lines=len(part),
        )
        statement.save()
        Origin.create([
            {"statement": statement.id, "date": date.fromisoformat(day), "amount": Decimal(paise) / 100, "description": narration}
            for day, paise, narration in part
        ])  # fmt: skip


def _parties(pool, told):
    Party = pool.get("party.party")
    names = sorted({party for _, party, _ in told["bills"]})
    made = Party.create([{"name": name, "addresses": [("create", [{}])]} for name in names])
    return dict(zip(names, made, strict=True))


def _bills(pool, company, currency, accounts, journal, parties, told):
    Invoice = pool.get("account.invoice")
    for start in range(0, len(told["bills"]), 2_000):
        Invoice.create([
            {
                "company": company, "type": "out", "party": parties[party].id, "currency": currency.id, "journal": journal.id,
                "invoice_address": parties[party].addresses[0].id, "account": accounts["Receivable"].id, "reference": number,
                "invoice_date": date(2026, 10, 1),
                "lines": [("create", [{
                    "type": "line", "description": "Goods", "quantity": 1, "unit_price": Decimal(paise) / 100,
                    "account": accounts["Revenue"].id, "currency": currency.id, "company": company,
                }])],
            }
            for number, party, paise in told["bills"][start : start + 2_000]
        ])  # fmt: skip


def _post(transaction, told):
    cursor = transaction.connection.cursor()
    cursor.execute(
        "UPDATE account_invoice i SET state = 'posted', number = reference, accounting_date = invoice_date,"
        " total_amount_cache = s.amount, untaxed_amount_cache = s.amount, tax_amount_cache = 0"
        " FROM (SELECT invoice, sum(quantity * unit_price) AS amount FROM account_invoice_line GROUP BY invoice) s"
        " WHERE s.invoice = i.id"
    )
    cursor.execute("ANALYZE")


def _apply(pool, name, company, chunk):
    """Apply the rule statement by statement, as the button does, one transaction each."""
    from trytond.transaction import Transaction

    with Transaction().start(name, 0, context={"company": company}):
        ids = [statement.id for statement in pool.get("account.statement").search([])]
    started = time.perf_counter()
    for one in ids:
        with Transaction().start(name, 0, context={"company": company}) as transaction:
            Statement = pool.get("account.statement")
            Statement.apply_rules([Statement(one)])
            transaction.commit()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
