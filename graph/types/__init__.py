"""The types of the schema, made from the ledger's views."""
