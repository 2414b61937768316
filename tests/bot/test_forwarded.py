"""Forwarded words of customers that they have paid, and what looks like them and isn't."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forwarded import PaidMessage, paid_message

TODAY = date(2026, 11, 20)
D18, D19, D17 = date(2026, 11, 18), date(2026, 11, 19), date(2026, 11, 17)

# text, amount in rupees, number, method, payer, day
PAID = [
    # the customer's own line
    ("Payment done 48020 UTR N318261234567890", 48_020, "N318261234567890", "bank", None, None),
    ("Paid Rs 48,020 by NEFT. UTR: HDFCN52026111800", 48_020, "HDFCN52026111800", "bank", None, None),
    ("Sharma Traders paid 48,020 on 18/11/2026 utr N318261234567890", 48_020, "N318261234567890", "bank", "Sharma Traders", D18),
    ("sir paid 25000 today", 25_000, None, "bank", None, TODAY),
    ("₹1,42,000 transferred from Gupta Steel, UTR ICICR52026111812345678", 142_000, "ICICR52026111812345678", "bank", "Gupta Steel", None),
    ("Rs.90000.50 sent through RTGS 18-Nov-26 utr no SBINR52026111800123456", 90_000.5, "SBINR52026111800123456", "bank", None, D18),
    ("We have made payment of Rs. 2,36,000/- vide UTR KKBKH26322123456 dated 17.11.2026", 236_000, "KKBKH26322123456", "bank", None, D17),
    ("Amount sent 15000, ref no 632212345678", 15_000, "632212345678", "bank", None, None),
    ("INR 75,000 has been remitted to your account yesterday", 75_000, None, "bank", None, D19),
    ("paid 1.5 lakh today by rtgs", 150_000, None, "bank", None, TODAY),
    ("Payment of 2 lac done, UTR awaited", 200_000, None, "bank", None, None),
    ("sent 50k gpay", 50_000, None, "upi", None, None),
    ("Sent you ₹12,500 on PhonePe, UPI Ref 632298765432", 12_500, "632298765432", "upi", None, None),
    ("transferred. UTR - AXISN26322098765", None, "AXISN26322098765", "bank", None, None),
    ("Deposited 40000 in your HDFC account 18 Nov", 40_000, None, "bank", None, D18),
    ("Payment made against INV-102, Rs 34,220. Regards, Mehta Textiles", 34_220, None, "bank", "Mehta Textiles", None),
    # Hinglish
    ("bhai 20000 bhej diya", 20_000, None, "bank", None, None),
    ("Sharma ji ne 48020 bhej diye UTR N318261234567890", 48_020, "N318261234567890", "bank", "Sharma", None),
    ("payment kar diya hai 35,400 ka, utr 632212345678", 35_400, "632212345678", "bank", None, None),
    ("aaj 50 hazar neft kar diya", 50_000, None, "bank", None, TODAY),
    ("kal 10000 gpay kiya tha, bhej diya", 10_000, None, "upi", None, D19),
    ("Gupta Steel ne 90000 daal diya account mein", 90_000, None, "bank", "Gupta Steel", None),
    ("maine 5000 rs paytm se bheja hai", 5_000, None, "upi", None, None),
    ("verma bros se 22000 transfer kar diya 18/11/26", 22_000, None, "bank", "verma bros", D18),
    ("2 lakh rtgs karwa diya, UTR HDFCR52026111899887766", 200_000, "HDFCR52026111899887766", "bank", None, None),
    ("paise bhej diye 8500/-", 8_500, None, "bank", None, None),
    # Hindi
    ("₹48,020 भेज दिए हैं UTR N318261234567890", 48_020, "N318261234567890", "bank", None, None),
    ("शर्मा ट्रेडर्स ने 25000 रुपये भेज दिए", 25_000, None, "bank", "शर्मा ट्रेडर्स", None),
    ("आज 1 लाख ट्रांसफर कर दिया", 100_000, None, "bank", None, TODAY),
    ("पेमेंट कर दिया है ₹१२,५००", 12_500, None, "bank", None, None),
    # banks' SMS
    ("Rs.48020.00 debited from A/c XX4421 on 18-11-26 to VPA ramesh@icici UPI Ref No 632212345678. Avl Bal Rs 1,20,000.00", 48_020, "632212345678", "upi", None, D18),
    ("Dear Customer, INR 90,000.00 credited to your A/c XX4421 on 18-Nov-26 by NEFT from GUPTA STEEL UTR SBIN526322123456. Avl Bal INR 5,40,210.00", 90_000, "SBIN526322123456", "bank", "GUPTA STEEL", D18),
    ("Your a/c no. XX1234 is credited for Rs.5,000.00 on 18Nov26 by a/c linked to mobile XX6789 (IMPS Ref no 632212345678)", 5_000, "632212345678", "bank", None, D18),
    ("Sent Rs.2500.00\nFrom HDFC Bank A/C *4421\nTo RAMESH STEEL\nOn 18/11/26\nRef 632212345678", 2_500, "632212345678", "bank", None, D18),
    ("ICICI Bank Acct XX421 debited for Rs 1,42,000.00 on 18-Nov-26; RAMESH STEEL credited. UPI:632212345678.", 142_000, "632212345678", "upi", None, D18),
    ("Your RTGS txn of INR 3,00,000.00 with UTR HDFCR52026111812345678 has been credited to the beneficiary on 18-11-2026", 300_000, "HDFCR52026111812345678", "bank", None, D18),
    ("Received Rs. 15,750 in your Kotak Bank a/c X9087 from sharma@okhdfcbank on 18-11-26. UPI Ref: 632212345678", 15_750, "632212345678", "upi", None, D18),
    # what UPI apps share
    ("Paid to Ramesh Steel\n₹12,500\nUPI transaction ID\n632212345678\nFrom: Sharma Traders (HDFC Bank)\nCompleted\n18 Nov 2026, 4:12 pm", 12_500, "632212345678", "upi", "Sharma Traders", D18),
    ("Transaction Successful\nPaid to RAMESH STEEL ₹48,020\nTransaction ID T2611181612345678901234\nDebited from XX4421 UTR: 632212345678", 48_020, "632212345678", "bank", None, None),
    ("Money sent successfully! Rs.7,000 to Ramesh Steel. UPI Ref No: 632212345678. Nov 18, 2026 11:05 AM", 7_000, "632212345678", "upi", None, D18),
    # copied with the head of the chat
    ("[18/11/26, 10:12 am] Sharma Traders: payment done 48020, UTR N318261234567890", 48_020, "N318261234567890", "bank", "Sharma Traders", None),
    ("18/11/2026, 10:12 - Gupta Steel: Rs 90,000 bhej diya hai", 90_000, None, "bank", "Gupta Steel", None),
    ("[18/11/26, 6:02:11 PM] ~ Verma & Co: 25k transferred", 25_000, None, "bank", "Verma & Co", None),
]  # fmt: skip

NOT_PAID = [
    "",
    "sharma",
    "48020",
    "₹48,020",
    "INV-102",
    "N318261234567890",
    "632212345678",
    "sharma kitna baaki hai",
    "who paid today",
    "who has paid 48020?",
    "has sharma paid 48,020?",
    "kisne paisa nahi diya",
    "kisne 50000 bhej diya",
    "sharma ne paid kiya",
    "sharma ne 48020 nahi diya",
    "kal 50000 bhej dunga",
    "will pay 25000 on Monday",
    "50000 will be transferred tomorrow",
    "please send Rs 5,000",
    "payment of 48,020 pending",
    "not paid 48020",
    "Rs 500 payment failed. UPI Ref 632212345678",
    "123456 is your OTP for txn of Rs 48,020.00",
    "Rs 900 refund processed, ref no 632212345678",
    "Cheque 000123 for 50,000 bounced",
    "Your NEFT of INR 48,020 was reversed, UTR HDFCN52026111800",
    "Ramesh has requested Rs 2,000 on GPay",
    "what did sharma pay, 48020 received",
    "call me on 9820012345",
    "paid",
    "payment done",
    "bhej diya",
    "Sharma paid 20000 cash",
    "50000 ka cheque de diya",
    "शर्मा ने 25000 नहीं भेजा",
]


@pytest.mark.parametrize(("text", "rupees", "number", "method", "payer", "day"), PAID)
def test_a_word_that_money_was_sent_is_read(
    text: str, rupees: float | None, number: str | None, method: str, payer: str | None, day: date | None
) -> None:
    amount = round(rupees * 100) if rupees is not None else None
    assert paid_message(text, today=TODAY) == PaidMessage(amount, number, method, payer, day)


@pytest.mark.parametrize("text", NOT_PAID)
def test_a_question_a_plan_or_a_failure_is_no_such_word(text: str) -> None:
    assert paid_message(text, today=TODAY) is None


def test_a_day_that_has_not_come_is_a_misreading() -> None:
    found = paid_message("paid 5000 on 18/11/2027", today=TODAY)
    assert found is not None
    assert found.paid_on is None
    late = paid_message("paid 5000 on 28 Dec", today=TODAY)
    assert late is not None
    assert late.paid_on == date(2025, 12, 28)


@given(st.text(max_size=300))
def test_no_text_trips_it(text: str) -> None:
    found = paid_message(f"paid {text}", today=TODAY)
    assert found is None or found.amount is not None or found.number is not None
