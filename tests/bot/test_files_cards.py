"""Cards of files: how far, what they gave and explained, and why one can't be read."""

from __future__ import annotations

from datetime import date

import pytest

from bot.cards.audience import Audience
from bot.cards.files import FileResult, imported_card, kept_card, reading_card, refused_card
from bot.sniff import bank_named, looks_like
from ledger.views.files import FileGaveView
from tests.bot.golden_cards import Cards, check, golden

_RESULT = FileResult(
    "icici-nov.csv", "ICICI", 42, 118, 1, 2, (("row 7", "the balance doesn't follow from the row before"),)
)
_PLAIN = FileResult("HDFC-Nov.xlsx", "HDFC", 431, 0, 0, 0)
_GAVE = FileGaveView(
    "INR", credits=212, explained=180, explained_amount=84_200_000, asked=9, questions=9,
    balance=38_421_000, covered_until=date(2026, 11, 19),
)  # fmt: skip
_LOOKING = FileGaveView(
    "INR", credits=12, explained=4, explained_amount=4_200_000, asked=3, questions=0, looking=3,
    balance=38_421_000, covered_until=date(2026, 11, 19),
)  # fmt: skip
_BILLS = FileGaveView("INR", bills=34, customers=12, to_collect=124_050_000, payables=3, to_pay=21_000_000)
CARDS: Cards = {
    "file_reading": lambda to: reading_card("HDFC-Nov.xlsx", to),
    "file_reading_rows": lambda to: reading_card("HDFC-Nov.xlsx", to, read=4_000, of=12_000),
    "file_kept": lambda to: kept_card(_PLAIN, to),
    "file_working": lambda to: kept_card(_PLAIN, to, left=120, of=431),
    "file_imported": lambda to: imported_card(_RESULT, None, to),
    "file_explained": lambda to: imported_card(_PLAIN, _GAVE, to),
    "file_looking": lambda to: imported_card(_PLAIN, _LOOKING, to),
    "file_none_explained": lambda to: imported_card(_PLAIN, FileGaveView("INR", credits=4, asked=4, questions=4), to),
    "file_bills": lambda to: imported_card(FileResult("open.xlsx", "Spreadsheet", 37, 0, 0, 0), _BILLS, to, to_set_up=2),
    "file_known": lambda to: imported_card(FileResult("icici-nov.csv", "ICICI", 0, 160, 0, 0), _GAVE, to),
    **{
        f"file_{code.removeprefix('file.')}": lambda to, code=code: refused_card(code, "Nov.pdf", to)  # type: ignore[misc]
        for code in (
            "empty", "pdf", "pdf_locked", "picture", "sound", "archive", "locked", "file.too_large", "file.gone",
            "file.not_understood",
        )
    },
    "file_pdf_bank": lambda to: refused_card("pdf", "HDFC-Nov.pdf", to, bank="hdfc"),
    "file_other": lambda to: refused_card("file.denied", "Nov.csv", to, why="Only the owner can connect a new account."),
}  # fmt: skip


@golden(CARDS)
def test_a_card_reads_as_its_golden_text(name: str, to: Audience) -> None:
    check(name, CARDS[name](to), to.language)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b"\x00" * 5_000, "empty"),
        (b"  %PDF-1.7", "pdf"),
        (b"%PDF-1.7 /Encrypt 1 0 R", "pdf_locked"),
        (b"\xff\xd8\xff\xe1", "picture"),
        (b"RIFF1234WEBPVP8 ", "picture"),
        (b"\x00\x00\x00\x18ftypheic", "picture"),
        (b"\x00\x00\x00\x18ftypM4A ", "sound"),
        (b"ID3 song", "sound"),
        (b"7z\xbc\xaf\x27\x1c", "archive"),
        (b"PK\x03\x04 cut short", None),
        (b"Date,Narration\n", None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old workbook", None),
    ],
)
def test_the_first_bytes_tell_what_no_reader_needs_to_see(body: bytes, kind: str | None) -> None:
    assert looks_like(body) == kind


@pytest.mark.parametrize(
    ("name", "bank"),
    [("HDFC-Nov.pdf", "hdfc"), ("OpTransactionHistory21.pdf", "icici"), ("sbi.pdf", "sbi"), ("x.pdf", None)],
)
def test_a_files_name_tells_the_bank(name: str, bank: str | None) -> None:
    assert bank_named(name) == bank
