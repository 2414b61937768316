"""The canonical spreadsheet: open invoices, bills, opening balances, credit notes and parties, on the first evening."""
