"""Stripe: signed webhooks and lists of payments, refunds, disputes, payouts, invoices and credit notes."""
