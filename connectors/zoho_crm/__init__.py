"""Zoho CRM: accounts and deals pulled by last change, notifications that only name them, our state written back."""
