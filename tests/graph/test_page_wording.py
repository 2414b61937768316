"""What codes of the ledger are called on a page."""

from __future__ import annotations

from datetime import UTC, datetime

from graph.pages.reader import Reader
from graph.pages.wording import freshness
from ledger.views import SourceView


def test_a_source_was_heard_when_it_told_us_not_when_that_happened() -> None:
    """Books tell days; what they told at noon happened at midnight."""
    now = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    books = SourceView(
        name="books:tally",
        connector="tally",
        label="TallyPrime",
        state="fresh",
        last_event_at=datetime(2026, 11, 20, 3, 30, tzinfo=UTC),
        last_delivery_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        covered_until=None,
        balance=None,
        account=None,
        events=1,
        quarantined=0,
        duplicates=0,
        silence_hours=48,
    )
    assert freshness(books, Reader("en", now, "Asia/Kolkata")) == ("heard today 3:00 pm", True)
