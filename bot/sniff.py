"""What a file is by its first bytes, where that alone says that it can't be read as a statement or a sheet. Pure."""

from __future__ import annotations

import io
import zipfile

_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_SOUNDS = (b"OggS", b"ID3", b"\xff\xfb", b"\xff\xf3")
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_OTHER_ARCHIVES = (b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b")


def looks_like(body: bytes) -> str | None:
    """Return empty, pdf, pdf_locked, picture, sound, archive or locked; None where a reader has to look inside."""
    head = body[:16]
    if not body.strip(b"\x00 \t\r\n"):
        return "empty"
    if head.lstrip().startswith(b"%PDF"):
        return "pdf_locked" if b"/Encrypt" in body else "pdf"
    if (
        head.startswith(_PICTURES)
        or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")
        or head[4:8] == b"ftyp"
    ):
        return "sound" if head[8:11] == b"M4A" else "picture"
    if head.startswith(_SOUNDS):
        return "sound"
    if head.startswith(_COMPOUND):
        return "locked" if _LOCKED in body else None
    if head.startswith(_OTHER_ARCHIVES):
        return "archive"
    return _zipped(body) if head.startswith(b"PK\x03\x04") else None


def _zipped(body: bytes) -> str | None:
    """Tell a zip from a workbook; the members are named, never unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None  # damaged: the reader says so
    return None if "[Content_Types].xml" in names or "mimetype" in names else "archive"


_BANKS = {
    "hdfc": ("HDFC",),
    "icici": ("ICICI", "OpTransaction"),
    "sbi": ("SBI", "OnlineSBI"),
    "axis": ("AXIS",),
    "kotak": ("KOTAK",),
}


def bank_named(filename: str) -> str | None:
    """Return the bank that a file's name tells of: hdfc, icici, sbi, axis, kotak."""
    name = filename.casefold()
    return next((bank for bank, marks in _BANKS.items() if any(m.casefold() in name for m in marks)), None)
