"""Razorpay: signed webhooks of payments, invoices, refunds, settlements, disputes and payouts."""
