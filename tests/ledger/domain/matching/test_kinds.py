"""What a bank line is by the bank's own words, and what only looks so."""

from time import process_time

import pytest

from ledger.domain.matching.kinds import CREDITS, LABELS, kind_of

CREDIT = [
    # SBI
    ("CREDIT INTEREST--", "interest", True),
    ("INTEREST CREDIT", "interest", True),
    ("BY TRANSFER-NEFT*RBIS0GSTPFM*RBI2026320*PAO CBIC GST REFUND--", "gst_refund", False),
    ("BY TRANSFER-INB Own Account transfer--", "own_transfer", False),
    ("CASH DEPOSIT-CASH DEPOSIT SELF--", "cash_deposit", False),
    ("TDR CLOSURE PROCEEDS 0041127755", "own_transfer", False),
    # HDFC
    ("CREDIT INTEREST CAPITALISED", "interest", True),
    ("INTEREST PAID TILL 31-DEC-2026", "interest", True),
    ("ACH C- ITDTAX REFUND 2026-27-AAXPS1234K", "tax_refund", False),
    ("FD PREMAT CLOSURE-50300811223344", "own_transfer", False),
    ("NEFT CR-YESB0000001-CASHFREE PAYMENTS INDIA PVT LTD-OURS-YESBN12026", "gateway_payout", False),
    ("REV-IMPS-632101998877-MEHTA PLASTICS", "reversal", False),
    ("NEFT RETURN-HDFCN52026111801-ACCOUNT CLOSED", "reversal", False),
    # ICICI
    ("000405004421:Int.Pd:30-06-2026 to 29-09-2026", "interest", True),
    ("NEFT-AXISCN0123456789-RAZORPAY SOFTWARE PVT-SETTLEMENT-UTIB0000046", "gateway_payout", False),
    ("CMS/ RECEIVABLES EXCHANGE OF INDIA/RXIL FU 88123", "financier_advance", False),
    ("INF/INFT/033912345678/RAMESH KULKARNI/OWN FUND TRF", "own_transfer", False),
    ("CAM/45131RKL/CASH DEP/12-11-26", "cash_deposit", False),
    # Axis
    ("912010012345678:Int.Pd:01-07-2026 to 30-09-2026", "interest", True),
    ("NEFT/AXIR263201234567/LENDINGKART FINANCE LTD/LOAN DISBURSAL", "loan", False),
    ("RTGS/UTIBR52026111800012345/A TREDS LTD/INVOICEMART SETTLEMENT", "financier_advance", False),
    ("IMPS/P2A/632101998877/RAMESH KULKARNI/PARTNERS CAPITAL", "owner_money", False),
    # Kotak
    ("Int.Pd:1234567890:01-07-2026 to 30-09-2026", "interest", True),
    ("NEFT PHONEPE PRIVATE LIMITED MERCHANT SETTLEMENT YESBN520261118", "gateway_payout", False),
    ("TERM LOAN A/C 44120098 DISBURSEMENT", "loan", False),
    ("IMPS/632101998878/INDIAMART INTERMESH/REFUND EXCESS", "vendor_refund", False),
    ("REVERSAL OF SMS CHRG Q2", "reversal", False),
]
DEBIT = [
    ("SMS CHRG FOR OCT 2026 +GST", "bank_charge", True),
    ("CONSOLIDATED CHARGES FOR A/C", "bank_charge", True),
    ("Chrg: Debit Card Annual Fee 4386", "bank_charge", True),
    ("CHQ RTN CHARGES INCL GST", "bank_charge", True),
    ("NEFT CHGS INCL GST 181126", "bank_charge", True),
    ("INT.COLL:01-10-2026 TO 31-10-2026", "interest", True),
    ("CLG RTN/SHARMA TRADERS/004512/FUNDS INSUFFICIENT", "cheque_return", False),
    ("GST PMT-06 CPIN 26112700012345", "gst", False),
    ("BIL/INFT/TDS PAYMENT 94C OCT", "tds", False),
    ("CBDT/ADVANCE TAX/26-27", "income_tax", False),
    ("EPFO CHALLAN OCT 2026", "pf", False),
    ("ESIC CONTRIBUTION 102026", "esi", False),
    ("BIL/BULK/88213/SALARY OCT", "salary", False),
    ("UPI/RAHUL SHARMA/412345678901/rent oct", "rent", False),
    ("ACH D- BAJAJ FINANCE LTD-P401PCL88", "emi", False),
    ("ATW-438628XXXXXX1234-S1ANBL465-PUNE", "cash_withdrawal", False),
    ("TO CASH SELF CHQ 001234", "cash_withdrawal", False),
]
CUSTOMERS = [
    ("NEFT CR-HDFC0000123-INTEREST INFOTECH PVT LTD-INV 102", "INTEREST INFOTECH PVT LTD"),
    ("NEFT-ICICN52026111-LOAN STAR TRADERS-BILL 77", "LOAN STAR TRADERS"),
    ("IMPS/P2A/632101998877/SALARY HOTELS/bill oct", "SALARY HOTELS"),
    ("UPI/412345678901/Payment from PhonePe/sharma.traders@ybl/HDFC BANK", "sharma.traders"),
    ("UPI-GUPTA STEEL-9876543210@PAYTM-PYTM0123456-412345678903-UPI", "GUPTA STEEL"),
    ("NEFT-SBIN526321-GST SUVIDHA KENDRA-INV 12", "GST SUVIDHA KENDRA"),
    ("RTGS/HDFCR52026111800012345/CAPITAL MOTORS LLP/INV-8", "CAPITAL MOTORS LLP"),
    ("NEFT-UTIBN52026-REVATHI TEXTILES-INV 44", "REVATHI TEXTILES"),
    ("CLG/SHARMA TRADERS/004512/SBI/18.11.2026", "SHARMA TRADERS"),
    ("MMT/IMPS/632101998877/inv 88/SELFDRIVE CARS/YESBANK", "SELFDRIVE CARS"),
    ("NEFT-HDFCN52026111800-CASHMERE CREATIONS", "CASHMERE CREATIONS"),
    ("NEFT-KKBKN526-INTERIO DESIGN STUDIO", "INTERIO DESIGN STUDIO"),
]


@pytest.mark.parametrize(("narration", "kind", "certain"), CREDIT)
def test_a_credit_is_known_by_the_banks_words(narration, kind, certain):
    found = kind_of(narration, side="credit")
    assert found is not None
    assert (found.kind, found.certain) == (kind, certain)
    assert found.kind in CREDITS


@pytest.mark.parametrize(("narration", "kind", "certain"), DEBIT)
def test_a_debit_is_known_by_the_banks_words(narration, kind, certain):
    found = kind_of(narration, side="debit")
    assert found is not None
    assert (found.kind, found.certain) == (kind, certain)
    assert found.kind in LABELS


@pytest.mark.parametrize(("narration", "payer"), CUSTOMERS)
def test_customers_with_telling_names_are_customers(narration, payer):
    assert kind_of(narration, side="credit", payer=payer) is None
    assert kind_of(narration, side="credit") is None


def test_interest_that_somebody_sends_is_not_the_banks():
    found = kind_of("NEFT-SBIN526-MEHTA-INTEREST PAID FOR DELAY", side="credit", payer="MEHTA")
    assert found is None or not found.certain
    charge = kind_of("NEFT-HDFCN52026111800-PATIL FREIGHT SERVICES-LOADING CHARGES", side="debit")
    assert charge is None or not charge.certain


def test_our_own_name_tells_a_transfer_and_a_short_or_strange_one_does_not():
    ours = ("Kulkarni Services Pvt Ltd", "KS")
    cut = kind_of("NEFT-HDFCN5202611-KULKARNI SERVI-X", side="credit", payer="KULKARNI SERVI", ours=ours)
    assert cut is not None
    assert (cut.kind, cut.certain) == ("own_transfer", False)
    assert kind_of("NEFT-HDFCN5-BACKSTAGE EVENTS", side="credit", payer="BACKSTAGE EVENTS", ours=ours) is None


def test_ten_thousand_lines_take_less_than_a_second():
    lines = [narration for narration, *_ in (*CREDIT, *CUSTOMERS)] * 260
    started = process_time()
    for line in lines:
        kind_of(line, side="credit")
    assert process_time() - started < 1 * len(lines) / 10_000
