"""The tesseract program, where it is installed: one process per page, words from its TSV."""

from __future__ import annotations

import csv
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from shutil import which

from docai.document import Word
from docai.errors import EngineError, EngineMissing, UsageError
from docai.geometry import box_from_pixels
from docai.image import PageImage
from docai.ocr.base import EngineInfo

REMEDY = "apt-get install tesseract-ocr (Debian, Ubuntu) or brew install tesseract (macOS)"
TIMEOUT_S = 300.0  # a dense A3 page at 300 dpi takes under a minute of one slow core
DEFAULT_LANGUAGES = ("en",)
NAMES = {"en": "eng", "de": "deu", "fr": "fra", "es": "spa", "zh": "chi_sim"}
WORD_LEVEL = "5"  # of the TSV's levels page, block, paragraph, line, word


class TesseractReader:
    """Meets docai.ocr.base.Reader. Each read is its own process, so threads never meet."""

    name = "tesseract"

    def __init__(self, *, threads: int = 0, timeout_s: float = TIMEOUT_S) -> None:
        self.threads = threads
        self.timeout_s = timeout_s

    @property
    def version(self) -> str:
        return program_version()

    def read(self, image: PageImage, *, languages: Sequence[str] = ()) -> tuple[Word, ...]:
        """Reads in English where no language is given, in those asked for otherwise."""
        command = [
            _program(),
            *("stdin", "stdout"),
            *("-l", "+".join(_trained_data(languages or DEFAULT_LANGUAGES))),
            *("--dpi", str(round(image.dpi))),
            "tsv",
        ]
        return tuple(words_of_tsv(self._run(command, _bitmap(image)), dpi=image.dpi))

    def _run(self, command: list[str], picture: bytes) -> str:
        limit = {"OMP_THREAD_LIMIT": str(self.threads)} if self.threads else {}
        try:
            done = subprocess.run(
                command,
                input=picture,
                capture_output=True,
                timeout=self.timeout_s,
                env=os.environ | limit,
                check=True,
            )
        except subprocess.TimeoutExpired as error:
            raise EngineError(
                f"tesseract did not read this page within {self.timeout_s:g} s and was stopped"
            ) from error
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip()
            raise EngineError(f"tesseract failed on this page: {said}") from error
        except OSError as error:
            raise EngineMissing(f"tesseract cannot be started ({error}); {REMEDY}") from error
        return done.stdout.decode()


def words_of_tsv(tsv: str, *, dpi: float) -> Iterator[Word]:
    """The rows of tesseract's table that are words; its confidences are percentages."""
    for row in csv.DictReader(tsv.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] != WORD_LEVEL or not row["text"].strip():
            continue
        left, top, width, height = (int(row[name]) for name in ("left", "top", "width", "height"))
        yield Word(
            text=row["text"].strip(),
            box=box_from_pixels(left, top, left + width, top + height, dpi=dpi),
            confidence=min(1.0, max(0.0, float(row["conf"]) / 100)),
        )


def info() -> EngineInfo:
    """What `docai doctor` says of it. Its models are the program's own, in trained_languages."""
    if which("tesseract") is None:
        return EngineInfo("tesseract", False, "", "CPU", remedy=REMEDY)
    return EngineInfo("tesseract", True, program_version(), "CPU")


def program_version() -> str:
    first_line = _ask("--version").partition("\n")[0]
    found = re.search(r"\d[\w.-]*", first_line)
    return found.group() if found else first_line


def trained_languages() -> tuple[str, ...]:
    """Tesseract's names of the languages it has data for, such as "deu"."""
    return tuple(_ask("--list-langs").split("\n")[1:])


@cache
def _ask(question: str) -> str:
    try:
        done = subprocess.run(
            [_program(), question], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineMissing(f"tesseract does not run ({error}); {REMEDY}") from error
    return done.stdout.strip()


def _program() -> str:
    program = which("tesseract")
    if program is None:
        raise EngineMissing(f"the program tesseract is not installed; {REMEDY}")
    return program


def _trained_data(languages: Sequence[str]) -> list[str]:
    """Tesseract's names for these, or an error that says what to install."""
    unknown = [code for code in languages if code not in NAMES]
    if unknown:
        raise UsageError(f"no language {unknown[0]!r} for tesseract; there are {', '.join(NAMES)}")
    names = [NAMES[code] for code in languages]
    missing = [name for name in names if name not in trained_languages()]
    if missing:
        package = "tesseract-ocr-" + missing[0].replace("_", "-")
        raise EngineMissing(f"tesseract has no data for {missing[0]}; apt-get install {package}")
    return names


def _bitmap(image: PageImage) -> bytes:
    """As BMP: nothing to compress here, nothing to unpack there."""
    from PIL import Image

    file = BytesIO()
    Image.fromarray(image.pixels).save(file, "BMP")
    return file.getvalue()
