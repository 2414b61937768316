"""Measurements: ratios in one run, on this machine alone, bounded in count and time; `make bench` runs them all."""
