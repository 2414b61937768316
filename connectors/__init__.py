"""What each vendor says and how: one folder a vendor, none of which knows another or the ledger."""
