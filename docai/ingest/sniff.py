"""What kind of file it is, by its first bytes; the name and its extension do not count."""

from __future__ import annotations

from docai.errors import EmptyFile, UnsupportedFormat

SNIFF_BYTES = 1024  # a PDF header may stand behind this much junk (ISO 32000-1, annex H.3.4.1)

PDF = "application/pdf"
HEIC = "image/heic"

_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),  # BigTIFF
    (b"MM\x00+", "image/tiff"),
    (b"BM", "image/bmp"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")

# Formats that users try, and what to do with each.
_KNOWN_BUT_UNREAD = (
    (b"PK\x03\x04", "an Office or ZIP file", "save or print it as PDF, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old Office file", "save or print it as PDF"),
    (b"%!PS", "PostScript", "convert it with ps2pdf"),
    (b"{\\rtf", "RTF", "save or print it as PDF"),
    (b"<!DOCTYPE", "HTML", "print it as PDF"),
    (b"<html", "HTML", "print it as PDF"),
    (b"<?xml", "XML", "docai reads pages; print it as PDF"),
)


def media_type(head: bytes, filename: str) -> str:
    """The media type of a file that begins with `head` (at least SNIFF_BYTES of it).

    Raises EmptyFile or UnsupportedFormat; `filename` only serves their messages.
    """
    if not head:
        raise EmptyFile(f"{filename} has no bytes; was the copy or the upload cut off?")
    for magic, kind in _IMAGES:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return HEIC
    if b"%PDF-" in head[:SNIFF_BYTES]:
        return PDF
    for magic, name, remedy in _KNOWN_BUT_UNREAD:
        if head.lstrip()[: len(magic)].lower() == magic.lower():
            raise UnsupportedFormat(f"{filename} is {name}, which docai does not read; {remedy}")
    raise UnsupportedFormat(
        f"{filename} is neither a PDF nor a PNG, JPEG, TIFF, WebP, BMP, GIF or HEIC image"
    )
