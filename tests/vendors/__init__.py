"""Vendors as they answer: small servers on loopback, with the faults that real ones have."""
