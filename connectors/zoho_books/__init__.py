"""Zoho Books: invoices, receipts, credit notes, bills and payments, pulled by last change and pushed by a workflow."""
