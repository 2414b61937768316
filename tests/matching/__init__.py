"""Simulated firms with known truth, played through the product, and the score of what it made of their money."""
