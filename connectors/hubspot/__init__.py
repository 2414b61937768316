"""HubSpot: companies, contacts, deals and invoices, and our state written back on them."""
