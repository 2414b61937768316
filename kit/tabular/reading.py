"""Finding out what a table file truly is, from its bytes alone, and reading it."""

from __future__ import annotations

from kit.errors import Rejected
from kit.tabular.cells import Book, Sheet
from kit.tabular.compound import workbook_from_compound
from kit.tabular.delimited import decode, rows_of_text
from kit.tabular.excel import read_workbook
from kit.tabular.package import workbook_from_package
from kit.tabular.page import looks_like_page, rows_of_page

MAX_BYTES = 32 * 1024 * 1024
_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = {
    b"%PDF": ("file.pdf", "This is a PDF.", "Download the same thing as Excel or CSV and send that."),
    b"\xff\xd8\xff": ("file.picture", "This is a picture.", "Send the file as Excel or CSV."),
    b"\x89PNG": ("file.picture", "This is a picture.", "Send the file as Excel or CSV."),
    b"Rar!": ("file.archive", "This is an archive.", "Unpack it and send the file inside."),
    b"7z\xbc\xaf": ("file.archive", "This is an archive.", "Unpack it and send the file inside."),
    b"\x1f\x8b": ("file.archive", "This is an archive.", "Unpack it and send the file inside."),
    b"PK\x05\x06": ("file.empty", "The archive is empty.", "Download it again."),
}


def read_book(body: bytes) -> Book:
    """Read a table file of any kind that we know: XLSX, XLS, HTML table, or delimited text; Rejected with a remedy."""
    if not body.strip():
        raise Rejected("file.empty", "The file is empty.", remedy="Download it again and send that.")
    if len(body) > MAX_BYTES:
        raise Rejected(
            "file.too_large",
            f"The file is larger than {MAX_BYTES // 2**20} MB.",
            remedy="Split it by period and send the parts.",
        )
    if body.startswith(_ZIP):
        stored, modified = workbook_from_package(body)
        return Book("xlsx", read_workbook(stored), modified)
    if body.startswith(_COMPOUND):
        return Book("xls", read_workbook(workbook_from_compound(body)))
    for magic, (code, message, remedy) in _OTHERS.items():
        if body.startswith(magic):
            raise Rejected(code, message, remedy=remedy)
    text = decode(body)
    if looks_like_page(text):
        return Book("html", (Sheet("", rows_of_page(text)),))
    return Book("delimited", (Sheet("", rows_of_text(text)),))
