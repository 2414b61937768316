"""Cashfree Payments: signed webhooks of three versions, and the API's ledger, orders, settlements and recon."""
