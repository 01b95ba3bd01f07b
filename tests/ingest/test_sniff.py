import pytest

from docai.errors import EmptyFile, UnsupportedFormat
from docai.ingest.sniff import media_type


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x00junk before it" * 20 + b"%PDF-1.4", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (b"II*\x00", "image/tiff"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"BM\x00\x00", "image/bmp"),
    ],
)
def test_the_bytes_decide(head, kind):
    assert media_type(head, "named.txt") == kind


def test_no_bytes_is_an_error_of_its_own():
    with pytest.raises(EmptyFile, match=r"a\.pdf has no bytes"):
        media_type(b"", "a.pdf")


@pytest.mark.parametrize(
    ("head", "remedy"),
    [(b"PK\x03\x04...", "print it as PDF"), (b"  <HTML>", "print it"), (b"%!PS", "ps2pdf")],
)
def test_other_formats_are_told_what_to_do(head, remedy):
    with pytest.raises(UnsupportedFormat, match=remedy):
        media_type(head, "a.docx")
