"""The contract every OCR engine meets, and what an installation has to say about its engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from docai.document import Word
from docai.image import PageImage


class Reader(Protocol):
    """Turns the pixels of one upright page into words, in no particular order."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str:
        """Of the engine and, where it has a choice, of its weights."""
        ...

    def read(self, image: PageImage, *, languages: Sequence[str] = ()) -> tuple[Word, ...]:
        """Words in points of this image, whitespace inside none of them.

        `languages` are ISO 639-1 codes ("de", "zh"); engines that read all they know at once
        ignore them. Raises EngineError when the engine fails, EngineMissing when it is absent.
        May be called from several threads: each call gets the words of its own image.
        """
        ...


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of weights. `sha256` in hex."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """One line of `docai doctor`. `remedy` says how to get what is missing, "" where nothing is."""

    name: str
    available: bool
    version: str
    device: str
    models: tuple[ModelFile, ...] = ()
    remedy: str = ""
