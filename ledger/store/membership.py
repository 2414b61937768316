"""Whether a membership is in force, as SQL: the same words at every door that a member comes through."""

from __future__ import annotations


def in_force(*, now: str, member: str = "m") -> str:
    """Return the condition; `now` is the parameter that holds the moment, such as `$2`."""
    return f"{member}.active AND ({member}.ends_at IS NULL OR {member}.ends_at > {now}::timestamptz)"
