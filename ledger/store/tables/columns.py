"""The metadata, and the columns that tables share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DateTime, MetaData, Uuid, text

metadata = MetaData()
_NOW = text("now()")


def business() -> Column[Any]:
    """Return the tenant: the first column of every primary key."""
    return Column("business_id", Uuid, primary_key=True)


def when(name: str, *, nullable: bool = True, now: bool = False) -> Column[Any]:
    """Return an aware moment; `now` fills it in."""
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=_NOW if now else None)


def anchor() -> Column[Any]:
    """Return the source identity whose component owns a derived row."""
    return Column("anchor", Uuid, nullable=False)
