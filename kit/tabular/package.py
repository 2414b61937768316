"""XLSX packages from strangers: unpacked within a budget, measured, and packed again with only what is read.

The reader of workbooks (calamine) allocates what a sheet claims to span, and a claim of a few bytes can be
larger than the machine. So it never sees the file that came: it sees a package made here of parts that were
unpacked and measured.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime

from kit.errors import Rejected
from kit.tabular.cells import check_size

MAX_UNPACKED = 96 * 1024 * 1024
MAX_PARTS = 2_000
MAX_RATIO = 200
RATIO_FROM = 8 * 1024 * 1024
"""Below this size any ratio passes: a small sheet of equal rows packs well."""
MAX_TEXT = 400_000_000
_CHUNK = 1 << 20
_KEPT = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/_rels/workbook\.xml\.rels|xl/(?:workbook|sharedStrings|styles)\.xml"
    r"|xl/worksheets/[^/]+\.xml",
    re.IGNORECASE,
)
_MACROS = re.compile(r"(?:^|/)vbaProject[^/]*\.bin$|(?:^|/)macrosheets/", re.IGNORECASE)
_CELLS = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])|[\s\"']r\s*=\s*[\"']?([A-Za-z]*)(\d+)")
_ITEM_END = re.compile(rb"</(?:\w+:)?si\s*>")
_SAVED = re.compile(rb"<dcterms:modified[^>]*>\s*(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z\s*<")


def workbook_from_package(body: bytes) -> tuple[bytes, datetime | None]:
    """Return a safe copy of an XLSX package and the moment it was last saved, if it says so; Rejected if unsafe."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            parts = package.infolist()
            _check_directory(parts)
            kept = _unpack(package, parts)
    except Rejected:
        raise
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise _damaged() from error
    except Exception as error:  # zlib.error and lzma's, which share no base
        raise _damaged() from error
    saved = kept.pop("docProps/core.xml", b"")
    longest = 0
    for name, part in kept.items():
        if name.lower() == "xl/sharedstrings.xml":
            longest = max(len(item) for item in _ITEM_END.split(part))
        if not name.lower().startswith("xl/worksheets/") and b"sheetData" in part:
            raise _damaged()  # a part that plays the sheet without being one
    for name, part in kept.items():
        if name.lower().startswith("xl/worksheets/") and _measure_sheet(part) * longest > MAX_TEXT:
            raise _bomb()
    return _pack(kept), _saved_at(saved)


def _check_directory(parts: list[zipfile.ZipInfo]) -> None:
    names = [part.filename for part in parts]
    if any(_MACROS.search(name) for name in names):
        raise macros()
    if len(parts) > MAX_PARTS or len(set(names)) != len(names):
        raise _bomb()
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    if unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * packed):
        raise _bomb()
    if any(part.flag_bits & 1 for part in parts):
        raise password()
    if "xl/workbook.xml" in names:
        return
    if "xl/workbook.bin" in names or "mimetype" in names:
        raise Rejected(
            "file.other_workbook",
            "This is a workbook of a kind that isn't read.",
            remedy="Open it and save it as Excel workbook (.xlsx).",
        )
    raise Rejected(
        "file.archive", "This is an archive, not a workbook.", remedy="Unpack it and send the file inside."
    )


def _unpack(package: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> dict[str, bytes]:
    """Read the parts that matter, never trusting the sizes that the directory states."""
    budget = MAX_UNPACKED
    kept: dict[str, bytes] = {}
    for part in parts:
        name = part.filename
        if not (_KEPT.fullmatch(name) or name == "docProps/core.xml"):
            continue
        stated = part.file_size
        part.file_size = budget + 1  # read on past a size that lies
        with package.open(part) as stream:
            pieces = []
            while piece := stream.read(_CHUNK):
                budget -= len(piece)
                if budget < 0:
                    raise _bomb()
                pieces.append(piece)
        kept[name] = b"".join(pieces)
        if len(kept[name]) != stated:
            raise _damaged()
        if name == "[Content_Types].xml" and b"macroEnabled" in kept[name]:
            raise macros()
    return kept


def _measure_sheet(part: bytes) -> int:
    """Return how many cells a sheet writes; Rejected if what it spans is too large or its rows go backwards."""
    row = column = cells = rows = columns = 0
    for tag, letters, digits in _CELLS.findall(part):
        if tag == b"c":
            column += 1
            cells += 1
        elif tag:
            row, column = row + 1, 0
        else:
            if len(digits) > 7 or len(letters) > 3 or int(digits) < rows:
                raise _disordered()
            row = int(digits)
            if letters:
                column = 0
                for letter in letters.upper():
                    column = column * 26 + letter - 64
        if row > rows or column > columns:
            rows, columns = max(rows, row), max(columns, column)
    check_size(rows, columns)
    return cells


def _pack(kept: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as package:
        for name, part in kept.items():
            package.writestr(zipfile.ZipInfo(name), part)
    return target.getvalue()


def _saved_at(core: bytes) -> datetime | None:
    found = _SAVED.search(core)
    if not found:
        return None
    try:
        return datetime.fromisoformat(found[1].decode()).replace(tzinfo=UTC)
    except ValueError:
        return None


def macros() -> Rejected:
    """The refusal of a workbook with macros."""
    return Rejected(
        "file.macros",
        "The workbook has macros in it.",
        remedy="Open it, save it as Excel workbook (.xlsx) without macros, and send that.",
    )


def password() -> Rejected:
    """The refusal of a workbook that is locked."""
    return Rejected(
        "file.password",
        "The workbook is locked with a password.",
        remedy="Open it with the password, save a copy without one, and send that.",
    )


def _bomb() -> Rejected:
    return Rejected(
        "file.bomb",
        "The workbook unpacks to far more than a statement or a list holds.",
        remedy="Copy the rows into a new workbook and send that.",
    )


def _disordered() -> Rejected:
    return Rejected(
        "file.disordered",
        "The rows of the workbook are not in order.",
        remedy="Open it in Excel, save it as Excel workbook (.xlsx), and send that.",
    )


def _damaged() -> Rejected:
    return Rejected(
        "file.damaged", "The workbook is damaged or cut short.", remedy="Download it again and send that."
    )
