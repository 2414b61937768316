"""XLS files from strangers: the workbook stream taken out of its compound file, measured, and put into a plain one.

The reader of workbooks (calamine) allocates what the records claim, so the claims are checked first: the span of
each sheet, the order of its rows, the number and length of its strings. Record numbers are those of [MS-XLS].
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from kit.errors import Rejected
from kit.tabular.cells import check_size
from kit.tabular.package import macros, password

MAX_TEXT = 400_000_000
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_EOF, _FILEPASS, _CONTINUE, _BOUNDSHEET, _SST, _DIMENSIONS = 0x0A, 0x2F, 0x3C, 0x85, 0xFC, 0x0200
_FORMULA, _STRING, _MULRK, _LABELSST, _SHARED_FORMULAS = 0x06, 0x0207, 0xBD, 0xFD, (0x04BC, 0x0221)
_CELLS = frozenset((_FORMULA, 0x0203, 0x0204, 0xD6, 0x0205, 0x027E, _MULRK, _LABELSST, 0xBE, 0x0201))


def workbook_from_compound(body: bytes) -> bytes:
    """Return a plain compound file with only the measured workbook stream of `body`; Rejected if unsafe."""
    try:
        stream = _workbook_stream(body)
        _measure(stream)
    except (struct.error, IndexError, ValueError) as error:
        raise _damaged() from error
    return _plain_compound(stream)


# ---- the compound file [MS-CFB] ----------------------------------------------------------------------
def _workbook_stream(body: bytes) -> bytes:
    shift, mini_shift = struct.unpack_from("<HH", body, 30)
    if shift not in (9, 12) or mini_shift != 6:
        raise _damaged()
    size = 1 << shift
    first_directory, _, cutoff, first_mini, _, first_difat, _ = struct.unpack_from("<IIIIIII", body, 48)

    def sector(number: int) -> bytes:
        start = (number + 1) * size
        if start >= len(body):
            raise _damaged()
        return body[start : start + size].ljust(size, b"\0")

    fat_sectors = [n for n in struct.unpack_from("<109I", body, 76) if n != _FREE]
    for _ in range(len(body) // size + 1):
        if first_difat in (_END, _FREE):
            break
        *more, first_difat = struct.unpack(f"<{size // 4}I", sector(first_difat))
        fat_sectors += [n for n in more if n != _FREE]
    if len(fat_sectors) > len(body) // size + 1:
        raise _damaged()
    fat = struct.unpack(f"<{len(fat_sectors) * size // 4}I", b"".join(map(sector, fat_sectors)))

    def chain(number: int) -> bytes:
        return b"".join(sector(n) for n in _links(number, fat))

    entries = dict(reversed([*_entries(chain(first_directory))]))
    if "EncryptedPackage" in entries or "EncryptionInfo" in entries:
        raise password()
    if any(name.startswith("_VBA_PROJECT") or name == "VBA" for name in entries):
        raise macros()
    found = entries.get("Workbook") or entries.get("Book")
    if found is None:
        raise Rejected(
            "file.other_document",
            "This is an Office file, but not a workbook.",
            remedy="Send the file as Excel workbook (.xlsx) or CSV.",
        )
    start, length = found
    if length >= cutoff:
        return chain(start)[:length]
    root = entries.get("Root Entry")
    if root is None:
        raise _damaged()
    ministream = chain(root[0])
    mini_table = chain(first_mini)
    mini_fat = struct.unpack(f"<{len(mini_table) // 4}I", mini_table)
    return b"".join(ministream[n * 64 : n * 64 + 64] for n in _links(start, mini_fat))[:length]


def _links(number: int, table: tuple[int, ...]) -> Iterator[int]:
    for _ in range(len(table) + 1):
        if number == _END:
            return
        yield number
        number = table[number]
    raise _damaged()  # a ring


def _entries(directory: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    for at in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, at + 64)[0]
        if directory[at + 66] in (1, 2, 5) and 2 <= length <= 64:
            name = directory[at : at + length - 2].decode("utf-16-le", "replace")
            yield name, struct.unpack_from("<II", directory, at + 116)


def _plain_compound(stream: bytes) -> bytes:
    data = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    sectors = len(data) // 512
    fat_count = 1
    while fat_count * 128 < sectors + 1 + fat_count + -(-max(0, fat_count - 109) // 127):
        fat_count += 1
    difat_count = -(-max(0, fat_count - 109) // 127)
    directory, first_fat = sectors, sectors + 1
    first_difat = first_fat + fat_count
    fat = [*range(1, sectors), _END, _END, *[_FAT] * fat_count, *[_FAT - 1] * difat_count]
    fat += [_FREE] * (fat_count * 128 - len(fat))
    fat_numbers = [*range(first_fat, first_fat + fat_count)]
    head = fat_numbers[:109] + [_FREE] * (109 - min(109, fat_count))
    difat = b""
    for number in range(difat_count):
        part = fat_numbers[109 + number * 127 : 236 + number * 127]
        following = first_difat + number + 1 if number + 1 < difat_count else _END
        difat += struct.pack("<128I", *part, *[_FREE] * (127 - len(part)), following)
    header = _MAGIC + struct.pack(
        "<16xHHHHH6xIIIIIIIII109I",
        0x3E, 3, 0xFFFE, 9, 6, 0, fat_count, directory, 0, 4096, _END, 0,
        first_difat if difat_count else _END, difat_count, *head,
    )  # fmt: skip
    entries = _entry("Root Entry", 5, child=1, start=_END, length=0)
    entries += _entry("Workbook", 2, child=_FREE, start=0, length=len(data))
    return header + data + entries.ljust(512, b"\0") + struct.pack(f"<{len(fat)}I", *fat) + difat


def _entry(name: str, kind: int, *, child: int, start: int, length: int) -> bytes:
    raw = name.encode("utf-16-le") + b"\0\0"
    return raw.ljust(64, b"\0") + struct.pack(
        "<HBBIII36xIII", len(raw), kind, 1, _FREE, _FREE, child, start, length, 0
    )


# ---- the workbook stream [MS-XLS] ----------------------------------------------------------------------
def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield (type, start, length) of records from `at` until the end-of-substream record or the end."""
    end = len(stream)
    unpack = struct.Struct("<HH").unpack_from
    while at + 4 <= end:
        kind, length = unpack(stream, at)
        at += 4
        if at + length > end:
            raise _damaged()
        yield kind, at, length
        if kind == _EOF:
            return
        at += length


def _measure(stream: bytes) -> None:
    sheets: list[int] = []
    lengths: list[int] = []
    globals_ = [*_records(stream, 0)]
    for index, (kind, at, length) in enumerate(globals_):
        if kind == _FILEPASS:
            raise password()
        if kind == _BOUNDSHEET:
            if stream[at + 5] == 1:
                raise macros()
            sheets.append(struct.unpack_from("<I", stream, at)[0])
        elif kind == _SST:
            pieces = [stream[at : at + length]]
            for following, start, size in globals_[index + 1 :]:
                if following != _CONTINUE:
                    break
                pieces.append(stream[start : start + size])
            lengths = _string_lengths(pieces)
    if len(sheets) > 255:
        raise _damaged()
    text = sum(_measure_sheet(stream, start, lengths) for start in sheets)
    if text > MAX_TEXT:
        raise Rejected(
            "file.bomb",
            "The workbook unpacks to far more than a statement or a list holds.",
            remedy="Copy the rows into a new workbook and send that.",
        )


def _measure_sheet(stream: bytes, start: int, lengths: list[int]) -> int:
    """Return the characters that the cells of a sheet repeat from the string table; Rejected if it spans too much."""
    last_row = columns = text = 0
    formula = (0, 0)
    has_cells = False
    unpack = struct.Struct("<HH").unpack_from
    for kind, at, length in _records(stream, start):
        if kind == _DIMENSIONS:
            first, past, left, right = struct.unpack_from("<IIHH" if length == 14 else "<HHHH", stream, at)
            if past < first or right < left:
                raise _damaged()
            check_size(past - first, right - left)
            continue
        if kind == _STRING:
            row, column = formula
        elif kind in _CELLS:
            row, column = unpack(stream, at)
            if kind == _FORMULA:
                formula = (row, column)
            elif kind == _MULRK:
                column += length // 6
            elif kind == _LABELSST:
                index = struct.unpack_from("<I", stream, at + 6)[0]
                text += lengths[index] if index < len(lengths) else 0
        else:
            continue
        if has_cells and row < last_row:
            raise _disordered()
        has_cells = True
        last_row, columns = row, max(columns, column)
    check_size(last_row + 1, columns + 1)
    return text


def _string_lengths(pieces: list[bytes]) -> list[int]:
    """Return the length of every string of the shared table, across the records that continue it."""
    count = struct.unpack_from("<i", pieces[0], 4)[0]
    if not 0 <= count <= sum(map(len, pieces)) // 3:
        raise _damaged()
    lengths: list[int] = []
    piece, at = 0, 8
    for _ in range(count):
        if at >= len(pieces[piece]):
            piece, at = piece + 1, 0
        data = pieces[piece]
        size, flags = struct.unpack_from("<HB", data, at)
        at += 3
        lengths.append(size)
        skip = 0
        if flags & 8:
            skip += 4 * struct.unpack_from("<H", data, at)[0]
            at += 2
        if flags & 4:
            skip += struct.unpack_from("<I", data, at)[0]
            at += 4
        width = 2 if flags & 1 else 1
        while size > (room := (len(pieces[piece]) - at) // width):
            size -= max(room, 0)
            piece += 1
            width, at = (2 if pieces[piece][0] & 1 else 1), 1
        at += size * width
        while at + skip > len(pieces[piece]):
            skip -= len(pieces[piece]) - at
            piece, at = piece + 1, 0
        at += skip
    return lengths


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
