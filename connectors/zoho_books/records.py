"""Zoho Books' records in our fields: parties, bills both ways, credits, and money as the books tell it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from connectors.values import as_object, filled, objects, phone, record_id
from connectors.zoho_books.fields import (
    Record,
    currency_of,
    link,
    minor,
    needed_minor,
    number,
    numbers,
    references,
    text,
)
from connectors.zoho_books.persons import addresses_of, people_of
from kit.errors import Rejected

_CASH = frozenset(["cash", "petty cash"])


@dataclass(frozen=True, slots=True)
class Said:
    """What a record says: its kind with us, our fields, and Zoho's status word or our event type.

    `more`: a list shows too little of it, and its details are to be fetched.
    """

    kind: str
    data: dict[str, Any]
    word: str | None = None
    qualifier: str = ""
    event_type: str | None = None
    more: bool = False


Reader = Callable[[Record, Mapping[str, Any]], Said]


@dataclass(frozen=True, slots=True)
class Resource:
    """One sort of record: how lists and single records name it, and who reads them.

    `listed` reads a row of a list; Rejected with a code `schema.*` means that the row says too little.
    """

    stream: str
    many: tuple[str, ...]
    one: tuple[str, ...]
    key: str
    whole: Reader
    listed: Reader
    query: Mapping[str, str] = field(default_factory=dict)


# ---- who -------------------------------------------------------------------------------------------
def contact(record: Record, settings: Mapping[str, Any]) -> Said:  # noqa: ARG001
    """A customer or vendor; Zoho numbers the two apart, even where they are one firm."""
    role = text(record, "contact_type")
    days = number(record, "payment_terms")
    address = as_object(record.get("billing_address"))
    parts = [text(address, part) for part in ("attention", "address", "street2", "city", "zip", "country")]
    data = filled(
        name=text(record, "contact_name") or text(record, "company_name"),
        gstin=_compact(record, "gst_no"),
        pan=_compact(record, "pan_no"),
        phone=phone(text(record, "mobile") or text(record, "phone")),
        email=text(record, "email"),
        roles=[role] if role in ("customer", "vendor") else None,
        address=", ".join(part for part in parts if part),
        state=text(record, "place_of_contact") or text(address, "state"),
        contacts=people_of(record),
        addresses=addresses_of(record),
    )
    if "name" not in data:
        raise Rejected("schema.name_missing", "contact_name is missing.")
    if days is not None and 0 <= days <= 3_650 and days == days.to_integral_value():
        data["terms_days"] = int(days)  # below nothing stands for "at the end of the month" and the like
    currency = text(record, "currency_code")
    limit = minor(record, "credit_limit", currency) if currency else None
    if limit:
        data |= {"credit_limit": limit, "currency": currency}
    return Said("party", data, event_type="party.upserted")


def balances(record: Record, as_on: date) -> list[Said]:
    """What the books say that a contact owes, and is owed: outstanding less unused credits and advances."""
    currency = text(record, "currency_code")
    party = record_id(record.get("contact_id"))
    said = []
    for side in ("receivable", "payable"):
        owed = minor(record, f"outstanding_{side}_amount", currency) if currency else None
        if owed is None or party is None:
            continue
        assert currency is not None
        unused = minor(record, f"unused_credits_{side}_amount", currency) or 0
        data = {
            "party": filled(id=party, name=text(record, "contact_name")),
            "amount": owed - unused,
            "currency": currency,
            "as_on": as_on.isoformat(),
            "side": side,
        }
        said.append(Said("balance", data, event_type="balance.stated"))
    return said


# ---- bills both ways -------------------------------------------------------------------------------
def invoice(record: Record, settings: Mapping[str, Any]) -> Said:
    """A bill of ours. What is paid of it the payments tell; only what was given up stands here alone."""
    currency = currency_of(record, settings)
    total = needed_minor(record, "total", currency)
    given_up = minor(record, "write_off_amount", currency) or 0
    data = _document(record, "invoice_number", "customer", total, currency)
    data |= filled(url=link(record.get("invoice_url")))
    if given_up and "credits_applied" in record:
        credits = minor(record, "credits_applied", currency) or 0
        settled = total - needed_minor(record, "balance", currency) - credits
        if 0 <= settled <= total:
            data["paid"] = settled
    word = text(record, "status")
    return Said("invoice", data, word, "written off" if given_up and word == "paid" else "")


def listed_invoice(record: Record, settings: Mapping[str, Any]) -> Said:
    """A row of the list; the details of an open bill add the value without tax, the GSTIN and the customer's link."""
    said = invoice(record, settings)
    still_open = said.word not in ("draft", "void", "paid") or bool(said.qualifier)
    return Said("invoice", said.data, said.word, said.qualifier, more=still_open)


def bill(record: Record, settings: Mapping[str, Any]) -> Said:
    """A vendor's bill, with what the books have settled of it: paid, kept back as TDS, or set off by his credits."""
    currency = currency_of(record, settings)
    total = needed_minor(record, "total", currency)
    data = _document(record, "bill_number", "vendor", total, currency)
    word, balance = text(record, "status"), minor(record, "balance", currency)
    if balance is not None and 0 <= balance <= total and word not in ("draft", "void"):
        data["paid"] = total - balance
    return Said("bill", data, word)


def credit_note(record: Record, settings: Mapping[str, Any]) -> Said:
    """A credit to a customer: what is set against bills and what is unused; what was paid out of it is gone."""
    currency = currency_of(record, settings)
    total = needed_minor(record, "total", currency)
    applied = objects(record.get("invoices_credited"))
    used = sum(
        minor(row, "credited_amount", currency) or minor(row, "amount_applied", currency) or 0
        for row in applied
    )
    word = text(record, "status")
    data = _document(record, "creditnote_number", "customer", total, currency)
    if word in ("open", "closed") and "invoices_credited" in record:
        left = needed_minor(record, "balance", currency)
        data["amount"] = max(0, min(total, left + used))
    found = [found for row in applied if (found := text(row, "invoice_number"))]
    data |= filled(
        references=filled(invoices=list(dict.fromkeys(found))[:500]),
        settles=_settled({}, applied, found, "invoice_number", currency) or None,
    )
    return Said("credit_note", data, word)


def listed_credit_note(record: Record, settings: Mapping[str, Any]) -> Said:
    """A row of the list is enough while nothing of the credit is used; it names no bills."""
    said = credit_note(record, settings)
    if said.word in ("open", "closed"):
        left = needed_minor(record, "balance", said.data["currency"])
        if left != said.data["amount"]:
            raise Rejected("schema.applied_missing", "invoices_credited is missing.")
    return said


def vendor_credit(record: Record, settings: Mapping[str, Any]) -> Said:
    """A vendor's credit to us: what of it is unused; what is set against his bills stands as settled there."""
    currency = currency_of(record, settings)
    total, word = needed_minor(record, "total", currency), text(record, "status")
    data = _document(record, "vendor_credit_number", "vendor", total, currency)
    data["side"] = "payable"
    if word in ("open", "closed"):
        data["amount"] = max(0, min(total, needed_minor(record, "balance", currency)))
    return Said("credit_note", data, word)


def _document(record: Record, number_at: str, whose: str, total: int, currency: str) -> dict[str, Any]:
    data = filled(
        number=text(record, number_at),
        party=_party(record, whose),
        issued_on=text(record, "date"),
        due_on=text(record, "due_date"),
        description=text(record, "reference_number"),
    )
    data |= {"amount": total, "currency": currency}
    tax = minor(record, "tax_total", currency)
    if tax is not None:
        base = total - tax - (minor(record, "adjustment", currency) or 0)
        data["tax"] = tax
        if 0 <= base <= total:
            data["base"] = base
    return data


# ---- money -----------------------------------------------------------------------------------------
def customer_payment(record: Record, settings: Mapping[str, Any]) -> Said:
    """Money from a customer as the books tell it; `amount` is what came, TDS kept back stands beside it."""
    currency = currency_of(record, settings)
    amount = needed_minor(record, "amount", currency)
    applied = objects(record.get("invoices"))
    paid = [found for row in applied if (found := text(row, "invoice_number"))]
    paid = paid or numbers(text(record, "invoice_numbers") or text(record, "invoice_number"))
    mode, account_type = text(record, "payment_mode"), text(record, "account_type")
    in_cash = (mode or "").casefold() in _CASH and account_type not in ("bank", "credit_card")
    reference = text(record, "reference_number")
    data = {"amount": amount, "currency": currency}
    data |= filled(
        party=_party(record, "customer"),
        paid_on=text(record, "date"),
        method=mode,
        into="cash" if in_cash else "bank",
        account=text(record, "account_name"),
        description=_told(record, reference),
        fee=minor(record, "bank_charges", currency) or None,
        refunded=minor(record, "amount_refunded", currency) or None,
        references=filled(
            utr=references(reference, apart_from=paid),
            invoices=list(dict.fromkeys(paid))[:500],
            documents=[found for row in applied if (found := record_id(row.get("invoice_id")))][:500],
        ),
    )
    data |= _applied(record, applied, paid, "invoice_number", currency)
    return _money(
        Said("payment", data, text(record, "status") or text(record, "payment_status")), "payment.received"
    )


def listed_customer_payment(record: Record, settings: Mapping[str, Any]) -> Said:
    """A row of the list; it is enough where it names the customer, the bills and the tax kept back."""
    if not {"invoice_numbers", "invoice_number"}.intersection(record) or "tax_amount_withheld" not in record:
        raise Rejected("schema.applied_missing", "The list says too little of the payment.")
    said = customer_payment(record, settings)
    if len(said.data.get("references", {}).get("invoices", ())) > 1 and "settles" not in said.data:
        raise Rejected("schema.applied_missing", "The list doesn't say how much of which bill is paid.")
    return said


def vendor_payment(record: Record, settings: Mapping[str, Any]) -> Said:
    """Money to a vendor; TDS that we cut isn't in `amount`."""
    currency = currency_of(record, settings)
    applied = objects(record.get("bills"))
    paid = [found for row in applied if (found := text(row, "bill_number"))]
    paid = paid or numbers(text(record, "bill_numbers"))
    reference = text(record, "reference_number")
    data = {"amount": needed_minor(record, "amount", currency), "currency": currency}
    data |= filled(
        party=_party(record, "vendor"),
        paid_on=text(record, "date"),
        mode=text(record, "payment_mode"),
        description=_told(record, reference),
        references=filled(utr=references(reference, apart_from=paid), bills=list(dict.fromkeys(paid))[:500]),
    )
    data |= _applied(record, applied, paid, "bill_number", currency)
    return _money(Said("payout", data, text(record, "status")), "payout.processed")


def _money(said: Said, event_type: str) -> Said:
    """A payment without a status word has been made: that is what the books enter."""
    return said if said.word else Said(said.kind, said.data, event_type=event_type)


def _kept_back(record: Record, applied: list[Record], currency: str) -> list[dict[str, Any]]:
    """Return the TDS of a payment: as a whole, else as the bills have it."""
    whole = minor(record, "tax_amount_withheld", currency)
    if not whole:
        whole = sum(minor(row, "tax_amount_withheld", currency) or 0 for row in applied)
    return [{"kind": "tds", "amount": whole}] if whole > 0 else []


def _applied(
    record: Record, applied: list[Record], names: list[str], number_at: str, currency: str
) -> dict[str, Any]:
    """Return what was kept back and which bills are settled; empty lists too, because an edit may have emptied them."""
    settled = _settled(record, applied, names, number_at, currency)
    data: dict[str, Any] = {"deductions": _kept_back(record, applied, currency)}
    return data if settled is None else {**data, "settles": settled}


def _settled(
    record: Record, applied: list[Record], names: list[str], number_at: str, currency: str
) -> list[dict[str, Any]] | None:
    """Return what of each bill is settled, TDS kept back included: none, where nothing is. None where it isn't told."""
    kept = sum(part["amount"] for part in _kept_back(record, applied, currency))
    if not applied and len(names) == 1 and "unused_amount" in record:
        used = (
            (minor(record, "amount", currency) or 0) - (minor(record, "unused_amount", currency) or 0) + kept
        )
        return [{"number": names[0], "amount": used}] if used > 0 else None
    parts: list[dict[str, Any]] = []
    for row in applied[:500]:
        name = text(row, number_at)
        told = minor(row, "amount_applied", currency)
        told = minor(row, "credited_amount", currency) if told is None else told
        if name is None or told is None or told < 0:
            return None
        withheld = minor(row, "tax_amount_withheld", currency) or 0
        kept -= withheld
        parts.append({"number": name, "amount": told + withheld})
    return None if kept or (names and not parts) else parts


def _told(record: Record, reference: str | None) -> str | None:
    parts = [text(record, "payment_number"), reference, text(record, "description")]
    return " · ".join(part for part in parts if part)[:2_000] or None


def _party(record: Record, whose: str) -> dict[str, Any]:
    """Return the customer or vendor; without Zoho's id there would be a second one of the same name."""
    party_id = record_id(record.get(f"{whose}_id"))
    if party_id is None:
        raise Rejected("schema.party_missing", f"{whose}_id is missing.")
    return filled(
        id=party_id,
        name=text(record, f"{whose}_name"),
        gstin=_compact(record, "gst_no"),
        email=text(record, "email"),
    )


def _compact(record: Record, name: str) -> str | None:
    return "".join((text(record, name) or "").split()).upper() or None


RESOURCES: Mapping[str, Resource] = {
    found.stream: found
    for found in (
        Resource(
            "contacts", ("contacts",), ("contact",), "contact_id", contact, contact, {"filter_by": "Status.All"}
        ),
        Resource("invoices", ("invoices",), ("invoice",), "invoice_id", invoice, listed_invoice),
        # The description names the lists with an underline, Zoho sends them without.
        Resource(
            "customerpayments",
            ("customerpayments", "customer_payments"),
            ("payment", "customerpayment", "customer_payment"),
            "payment_id",
            customer_payment,
            listed_customer_payment,
        ),
        Resource("creditnotes", ("creditnotes",), ("creditnote",), "creditnote_id", credit_note, listed_credit_note),
        Resource("bills", ("bills",), ("bill",), "bill_id", bill, bill),
        Resource(
            "vendorpayments",
            ("vendorpayments", "vendor_payments"),
            ("vendorpayment", "vendor_payment"),
            "payment_id",
            vendor_payment,
            vendor_payment,
        ),
        Resource(
            "vendorcredits",
            ("vendor_credits", "vendorcredits"),
            ("vendor_credit", "vendorcredit"),
            "vendor_credit_id",
            vendor_credit,
            vendor_credit,
        ),
    )
}  # fmt: skip
