"""Table files from strangers: what they truly are, what their cells hold, and what is refused before it hurts."""

from __future__ import annotations

import io
import struct
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.errors import Rejected
from kit.tabular import Book, day_of, minor_of, read_book, text_of
from kit.tabular.cells import MAX_ROWS

XLS = Path(__file__).parents[1] / "connectors" / "cases" / "bank" / "hdfc_statement.xls"


def workbook(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.set_properties({"created": datetime.fromisoformat("2026-09-30T10:00")})
    fill(book)
    book.close()
    return target.getvalue()


def simple(book: xlsxwriter.Workbook) -> None:
    sheet = book.add_worksheet("One")
    day, moment = (
        book.add_format({"num_format": "dd/mm/yyyy"}),
        book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
    )
    sheet.write(1, 0, " padded\u00a0")
    sheet.write(1, 1, 0.1 + 0.2)
    sheet.write(1, 2, 50100000004421)
    sheet.write_datetime(1, 3, date(2026, 9, 1), day)
    sheet.write_datetime(1, 4, datetime.fromisoformat("2026-09-01T10:05"), moment)
    sheet.write_boolean(1, 5, True)
    sheet.write_string(1, 6, "=1+1")
    book.add_worksheet("Two").write(0, 0, "x")


def parts_of(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        return {name: package.read(name) for name in package.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in parts.items():
            package.writestr(name, part)
    return target.getvalue()


def refused(body: bytes) -> Rejected:
    with pytest.raises(Rejected) as caught:
        read_book(body)
    assert caught.value.remedy
    return caught.value


def test_a_workbook_gives_exact_cells_at_their_own_places() -> None:
    book = read_book(workbook(simple))
    assert (book.kind, [sheet.name for sheet in book.sheets]) == ("xlsx", ["One", "Two"])
    assert book.modified == datetime(2026, 9, 30, 10, 0, tzinfo=UTC)
    assert book.sheets[0].rows == [
        [None] * 7,
        [
            "padded", Decimal("0.3"), Decimal(50100000004421), date(2026, 9, 1), datetime.fromisoformat("2026-09-01T10:05"), "TRUE",
            "=1+1",
        ],
    ]  # fmt: skip


def test_a_biff_workbook_is_read_through_a_plain_copy() -> None:
    book = read_book(XLS.read_bytes())
    assert book.kind == "xls"
    assert book.sheets[0].rows[4][0] == "Date"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('a,b\n"x,1",2\n', [["a", "b"], ["x,1", "2"]]),
        ("a;b;c\n1,5;2;3\n4;5,5;6\n", [["a", "b", "c"], ["1,5", "2", "3"], ["4", "5,5", "6"]]),
        ("a\tb\tc\n1,20,000.00\t\t3\n", [["a", "b", "c"], ["1,20,000.00", None, "3"]]),
        ("sep=|\na|b\n1|2\n", [[], ["a", "b"], ["1", "2"]]),
        ("\n\na,b\n", [[], [], ["a", "b"]]),
        ('a,b\n"two\nlines",2\n', [["a", "b"], ["two\nlines", "2"]]),
    ],
)
def test_delimited_text_is_split_by_what_makes_steady_columns(
    text: str, rows: list[list[str | None]]
) -> None:
    book = read_book(text.encode())
    assert (book.kind, book.sheets[0].rows) == ("delimited", rows)


def test_a_stray_quote_does_not_swallow_the_file() -> None:
    text = "a,b,c\n" + '1,"x,2\n' + "1,y,2\n" * 50
    assert len(read_book(text.encode()).sheets[0].rows) == 52


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings_are_found(encoding: str) -> None:
    assert read_book("Café,b,c\n1,2,3\n".encode(encoding)).sheets[0].rows[0] == ["Café", "b", "c"]


def test_a_page_gives_the_rows_of_its_tables_and_runs_nothing() -> None:
    page = (
        b"<HTML><script>document.write('<tr><td>no</td></tr>')</script><table><tr><td colspan=2>A&amp;B<br>c<td>d"
        b"<tr><th>1<th>2<tr><td>outer<table><tr><td>inner</table></td></tr></table>"
    )
    book = read_book(page)
    assert book.kind == "html"
    assert book.sheets[0].rows == [["A&B c", None, "d"], ["1", "2"], ["outer"], ["inner"]]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "file.empty"),
        (b" \n\t ", "file.empty"),
        (b"%PDF-1.4", "file.pdf"),
        (b"\xff\xd8\xff\xe0", "file.picture"),
        (b"Rar!\x1a\x07", "file.archive"),
        (packed({"a.txt": b"x"}), "file.archive"),
        (packed({"xl/workbook.bin": b"x"}), "file.other_workbook"),
        (b"PK\x03\x04 and then nothing", "file.damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and then nothing", "file.damaged"),
        (b"\x01\x02\x03\x04\x05", "file.unreadable"),
        (bytes(range(256)) * 4, "file.unreadable"),
        (b"<?xml version='1.0'?><a/>", "file.markup"),
        (b"x" * (33 * 2**20), "file.too_large"),
        (b"a,b\n" * (MAX_ROWS + 1), "file.too_many_rows"),
        (b"<table>" * 100 + b"<tr><td>", "file.markup"),
    ],
)
def test_what_is_no_table_is_refused(body: bytes, code: str) -> None:
    assert refused(body).code == code


def test_macros_are_refused_however_they_are_named() -> None:
    parts = parts_of(workbook(simple))
    assert refused(packed({**parts, "xl/vbaProject.bin": b"x"})).code == "file.macros"
    assert refused(packed({**parts, "xl/macrosheets/sheet1.xml": b"x"})).code == "file.macros"
    types = parts["[Content_Types].xml"].replace(b"sheet.main+xml", b"sheet.macroEnabled.main+xml")
    assert refused(packed({**parts, "[Content_Types].xml": types})).code == "file.macros"
    biff = XLS.read_bytes().replace(b"Workbook".decode().encode("utf-16-le"), "_VBA_PRO".encode("utf-16-le"))
    assert refused(biff).code in ("file.macros", "file.other_document")


def test_locked_workbooks_are_refused() -> None:
    encrypted = XLS.read_bytes().replace(
        "Workbook".encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 18),
        "EncryptedPackage".encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 34),
    )
    assert refused(encrypted).code == "file.password"
    body = bytearray(packed(parts_of(workbook(simple))))
    at = body.find(b"PK\x01\x02")
    body[at + 8] |= 1
    assert refused(bytes(body)).code == "file.password"


def test_a_zip_bomb_is_refused_before_it_opens() -> None:
    parts = parts_of(workbook(simple))
    started = time.perf_counter()
    assert refused(packed({**parts, "xl/worksheets/sheet9.xml": b" " * 120_000_000})).code == "file.bomb"
    assert refused(packed({**parts, "xl/media/x.png": b" " * 20_000_000})).code == "file.bomb"
    many = {f"xl/x{number}.xml": b"" for number in range(2_100)}
    assert refused(packed({**parts, **many})).code == "file.bomb"
    assert time.perf_counter() - started < 5


def test_a_directory_that_lies_about_sizes_is_refused() -> None:
    parts = parts_of(workbook(simple))
    body = bytearray(packed({**parts, "xl/worksheets/sheet9.xml": b" " * 5_000_000}))
    at = body.rfind(b"PK\x01\x02")
    body[at + 24 : at + 28] = struct.pack("<I", 100)
    assert refused(bytes(body)).code == "file.damaged"


def test_two_cells_that_span_the_world_are_refused() -> None:
    def far(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write(0, 0, 1)
        sheet.write(1_048_575, 16_383, 1)

    assert refused(workbook(far)).code == "file.too_many_rows"

    def wide(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write(0, 0, 1)
        sheet.write(150_000, 400, 1)

    assert refused(workbook(wide)).code == "file.too_many_cells"


def test_rows_that_run_backwards_are_refused() -> None:
    parts = parts_of(workbook(simple))
    sheet = parts["xl/worksheets/sheet1.xml"].replace(
        b"</sheetData>", b'<row r="1"><c r="A1"><v>1</v></c></row></sheetData>'
    )
    assert refused(packed({**parts, "xl/worksheets/sheet1.xml": sheet})).code == "file.disordered"


def test_one_long_text_used_in_every_cell_is_refused() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for row in range(20_000):
            sheet.write_string(row, 0, "x" * 30_000 if row else "head")

    assert refused(workbook(fill)).code == "file.bomb"


def test_claims_in_a_biff_stream_are_checked_before_they_are_believed() -> None:
    body = XLS.read_bytes()
    sst = body.find(struct.pack("<H", 0xFC), 512)
    lying = bytearray(body)
    lying[sst + 8 : sst + 12] = struct.pack("<I", 0x7FFFFFFF)
    assert refused(bytes(lying)).code == "file.damaged"
    dimensions = body.find(struct.pack("<HH", 0x0200, 14), 512)
    lying = bytearray(body)
    lying[dimensions + 8 : dimensions + 12] = struct.pack("<I", 0xFFFFFFF0)
    assert refused(bytes(lying)).code == "file.too_many_rows"
    label = body.find(struct.pack("<HH", 0xFD, 10), 512)
    lying = bytearray(body)
    lying[label + 4 : label + 8] = struct.pack("<HH", 65_535, 65_535)
    assert refused(bytes(lying)).code in ("file.disordered", "file.too_many_cells")


def read_or_refuse(body: bytes) -> Book | Rejected:
    try:
        return read_book(body)
    except Rejected as caught:
        return caught


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_workbook_is_read_or_refused(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from([XLS.read_bytes(), workbook(simple)])))
    for _ in range(data.draw(st.integers(min_value=1, max_value=6))):
        at = data.draw(st.integers(min_value=0, max_value=len(body) - 1))
        body[at : at + 4] = data.draw(st.binary(min_size=1, max_size=4))
    read_or_refuse(bytes(body))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_parts_in_a_whole_package_are_read_or_refused(data: st.DataObject) -> None:
    parts = parts_of(workbook(simple))
    name = data.draw(st.sampled_from(sorted(name for name in parts if name.startswith("xl/"))))
    part = bytearray(parts[name])
    for _ in range(data.draw(st.integers(min_value=1, max_value=4))):
        at = data.draw(st.integers(min_value=0, max_value=len(part) - 1))
        part[at : at + 2] = data.draw(st.binary(min_size=1, max_size=3))
    read_or_refuse(packed({**parts, name: bytes(part)}))


@pytest.mark.parametrize(
    "text",
    [
        "<table>" + "<!--" * 900,
        "<table><tr>" + "<td" * 20_000,
        "<table>" + "<a " * 20_000,
        "<table>" + "&#" * 50_000,
    ],
)
def test_hostile_markup_is_done_with_quickly(text: str) -> None:
    started = time.perf_counter()
    read_or_refuse(text.encode())
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("01/09/26", date(2026, 9, 1)),
        ("1 Sep 2026", date(2026, 9, 1)),
        ("15-Jan-2024", date(2024, 1, 15)),
        ("03-04-2026 19:40:46", date(2026, 4, 3)),
        ("01/09/2026 10:15:20 AM", date(2026, 9, 1)),
        ("2026-09-01T10:00:00+05:30", date(2026, 9, 1)),
        ("Sep 1, 2026", date(2026, 9, 1)),
        (datetime.fromisoformat("2026-09-01T04:00"), date(2026, 9, 1)),
        ("13/13/2026", None),
        ("31/02/2026", None),
        ("12/2026", None),
        (Decimal(46266), None),
    ],
)
def test_days_are_read_day_first(cell: object, day: date | None) -> None:
    assert day_of(cell) == day  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "minor"),
    [
        ("1,20,000.00", 12_000_000),
        ("₹ 500", 50_000),
        ("Rs. 1,234.5", 123_450),
        ("(1,000.00)", -100_000),
        ("-\t,77,65,682.30", -776_568_230),
        ("-,0.01", -1),
        ("1,234,567.89", 123_456_789),
        ("500-", -50_000),
        ("९,०००", 900_000),
        (Decimal("0.3"), 30),
        ("-", None),
        ("", None),
        (None, None),
    ],
)
def test_amounts_are_read_to_the_paisa(cell: str | Decimal | None, minor: int | None) -> None:
    assert minor_of(cell) == minor


@pytest.mark.parametrize(
    "cell", ["1250,50", "12..34", "1,2,3", "abc", "1.005", "1e5", "--5", "1" * 40, date(2026, 9, 1)]
)
def test_what_is_no_amount_is_refused(cell: str | date) -> None:
    with pytest.raises(Rejected):
        minor_of(cell)


def test_numbers_as_text_have_no_exponent() -> None:
    assert text_of(Decimal("1E+5")) == "100000"
    assert text_of(date(2026, 9, 1)) == "2026-09-01"
