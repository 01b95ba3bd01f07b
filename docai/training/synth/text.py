"""Sentences from a folder of text and HTML files, for those who have better prose than ours."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

from docai.errors import UsageError

SUFFIXES = (".txt", ".md", ".html", ".htm", ".txt.gz", ".html.gz")
MOST = 200_000  # sentences; more would only take memory
LENGTH = (25, 320)  # characters of a sentence; what is longer is a list or code
_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZÄÖÜÀÉÈÊÁÍÓÚÑ¿¡«\"])|(?<=[。！？])")


def sentences_under(folder: Path) -> tuple[str, ...]:
    """In the order of the files' names. Raises UsageError where there is no sentence."""
    found: list[str] = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name.endswith(SUFFIXES):
            found += _sentences(_text(path))
        if len(found) >= MOST:
            break
    if not found:
        raise UsageError(f"{folder} holds no sentences in files named {', '.join(SUFFIXES)}")
    return tuple(found[:MOST])


def _text(path: Path) -> str:
    data = path.read_bytes()
    if path.name.endswith(".gz"):
        data = gzip.decompress(data)
    text = data.decode("utf-8", "replace")
    return _without_tags(text) if ".htm" in path.name else text


def _sentences(text: str) -> list[str]:
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return [
        sentence
        for paragraph in paragraphs
        for sentence in _END.split(paragraph)
        if LENGTH[0] <= len(sentence) <= LENGTH[1] and sentence[-1] in ".!?。！？"
    ]


def _without_tags(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    return "".join(reader.parts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style", "pre", "code")
        if tag in ("p", "div", "li", "h1", "h2", "h3", "td", "br"):
            self.parts.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style", "pre", "code") and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)
