"""What reading costs, beside the bare tools it stands on, in one run.

Documents are made on the spot, so that the figures need no data. CPU seconds are user and
system time of this process and its children; wall seconds are used only where two processes
race one. The tools take turns, so that a noisy machine disturbs them alike.
"""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from docai import batch, serialize
from docai.evaluation.report import Report, Table
from docai.ingest.limits import Limits
from docai.pipeline import ReadOptions, reading

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

    from docai.image import PageImage

log = logging.getLogger("docai")

ROUNDS = 3
DIGITAL_PAGES = 100
SCANNED_PAGES = 4
SCANS_IN_FOLDER = 8
LARGE_PAGES = 1000
SETTLED_PAGE = 20  # from here on memory must not grow
SCAN_DPI = 150

PROSE = (
    "The contractor shall deliver the goods named in annex B within thirty days of the order"
    " and shall bear the cost of carriage, insurance and packing unless both parties have"
    " agreed otherwise in writing. Claims are to be made within eight days of receipt. "
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report: a measured value beside the bound it should keep."""

    name: str
    value: float
    unit: str
    bound: str = ""


def evaluate() -> Iterator[Figure]:
    """Every figure, as soon as it is known."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _start_up(Path(folder))
        yield from _digital(Path(folder))
        yield from _scanned(Path(folder))
        yield from _two_cores(Path(folder))
        yield from _memory(Path(folder))


def report() -> Report:
    """All figures; each is logged as soon as it is known."""
    figures = []
    for figure in evaluate():
        log.info("%s: %.2f %s", figure.name, figure.value, figure.unit)
        figures.append(astuple(figure))
    header = ("", "measured", "unit", "wanted")
    return Report("Speed and memory", (Table("Figures", header, tuple(figures), digits=2),))


# --- the five measurements --------------------------------------------------------------------


def _start_up(folder: Path) -> Iterator[Figure]:
    path = make_pdf(folder / "one.pdf", 1)
    docai = [sys.executable, "-m", "docai"]
    help = _best(lambda: _run([*docai, "--help"]))
    yield Figure("docai --help, cold", help, "CPU s", "< 0.3")
    read = _best(lambda: _run([*docai, "read", str(path)]))
    yield Figure("docai read, a one-page digital PDF, cold", read, "CPU s", "< 1.0")


def _digital(folder: Path) -> Iterator[Figure]:
    """Reports of prose, and pages whose lower half is a ruled table of 100 cells."""
    for kind, tables in (("prose", False), ("tables", True)):
        path = make_pdf(folder / f"{kind}.pdf", DIGITAL_PAGES, tables=tables)
        loop, calls, plumber, ours = _in_turn(
            partial(_pypdfium2_characters, path),
            partial(_pdfium_calls, path),
            partial(_pdfplumber_words, path),
            partial(_read, path),
        )
        per_page = 1000 / DIGITAL_PAGES
        yield Figure(f"{kind}: bare pypdfium2 loop over characters", loop * per_page, "CPU ms/page")
        yield Figure(f"{kind}: the same loop in bare C calls", calls * per_page, "CPU ms/page")
        yield Figure(f"{kind}: pdfplumber extract_words", plumber * per_page, "CPU ms/page")
        yield Figure(f"{kind}: docai read, whole", ours * per_page, "CPU ms/page")
        yield Figure(f"{kind}: docai / pypdfium2 loop", ours / loop, "×", "≤ 2")
        yield Figure(f"{kind}: docai / bare C calls", ours / calls, "×")
        yield Figure(f"{kind}: pdfplumber / docai", plumber / ours, "×", "≥ 4")


def _scanned(folder: Path) -> Iterator[Figure]:
    from docai.ocr import reader

    path = make_scan(folder / "scan.tiff", SCANNED_PAGES)
    engine = reader()
    images = _images(path)
    _read(path)  # loads the engine and what stands beside it
    bare, ours = _in_turn(lambda: [engine.read(image) for image in images], lambda: _read(path))
    yield Figure("scanned: bare OCR engine", bare / SCANNED_PAGES, "CPU s/page")
    yield Figure("scanned: docai read, whole", ours / SCANNED_PAGES, "CPU s/page")
    yield Figure("scanned: docai / bare engine", ours / bare, "×", "≤ 1.10")


def _two_cores(folder: Path) -> Iterator[Figure]:
    scans = [make_scan(folder / f"scan{i}.tiff", 2, seed=i) for i in range(SCANS_IN_FOLDER)]
    job = batch.Job("table", ReadOptions(threads=1), Limits())

    def race(workers: int) -> float:
        with tempfile.TemporaryDirectory(dir=folder) as output:
            started = time.perf_counter()
            batch.run(scans, Path(output), job, workers=workers)
            return time.perf_counter() - started

    one, two = race(1), race(2)
    yield Figure(f"folder of {SCANS_IN_FOLDER} scans, one process", one, "wall s")
    yield Figure(f"folder of {SCANS_IN_FOLDER} scans, two processes", two, "wall s")
    yield Figure("two processes / one", one / two, "× faster", "≥ 1.8")


def _memory(folder: Path) -> Iterator[Figure]:
    path = make_pdf(folder / "large.pdf", LARGE_PAGES)
    program = "from docai.evaluation import speed; speed.print_memory()"
    command = [sys.executable, "-c", program, str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    settled, end, peak = map(float, output.split())
    yield Figure(f"{LARGE_PAGES} pages: memory after page {SETTLED_PAGE}", settled, "MB")
    yield Figure(f"{LARGE_PAGES} pages: memory at the end", end, "MB")
    yield Figure(f"{LARGE_PAGES} pages: growth", end / settled, "×", "flat")
    yield Figure(f"{LARGE_PAGES} pages: peak, parser included", peak, "MB", "< 1200")


def print_memory() -> None:
    """Streams the file named on the command line to JSON; prints MB settled, at the end, peak."""
    samples = []
    with reading(sys.argv[1]) as document, Path(os.devnull).open("w") as nowhere:
        pages = document.pages()
        for chunk in serialize.stream_document(document.source, pages, document.caveats):
            nowhere.write(chunk)
            samples.append(_memory_of_tree_mb())
    print(samples[SETTLED_PAGE], samples[-2], max(samples))  # noqa: T201


# --- the tools ----------------------------------------------------------------------------------


def _read(path: Path) -> None:
    with reading(path) as document:
        for _ in document.pages():
            pass


def _pypdfium2_characters(path: Path) -> None:
    """With the classes that pypdfium2 is used by."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    for page in document:
        text = page.get_textpage()
        for i in range(text.count_chars()):
            text.get_text_range(i, 1)
            text.get_charbox(i)
        text.close()
        page.close()
    document.close()


def _pdfium_calls(path: Path) -> None:
    """The leanest loop that Python can write: what no reading of characters can undercut."""
    import ctypes

    import pypdfium2_raw as pdfium

    pdfium.FPDF_InitLibraryWithConfig(pdfium.FPDF_LIBRARY_CONFIG(version=2))
    document = pdfium.FPDF_LoadDocument(str(path).encode(), None)
    edges = [ctypes.c_double() for _ in range(4)]
    for number in range(pdfium.FPDF_GetPageCount(document)):
        page = pdfium.FPDF_LoadPage(document, number)
        text = pdfium.FPDFText_LoadPage(page)
        for i in range(pdfium.FPDFText_CountChars(text)):
            pdfium.FPDFText_GetUnicode(text, i)
            pdfium.FPDFText_GetCharBox(text, i, *edges)
        pdfium.FPDFText_ClosePage(text)
        pdfium.FPDF_ClosePage(page)
    pdfium.FPDF_CloseDocument(document)


def _pdfplumber_words(path: Path) -> None:
    import pdfplumber

    with pdfplumber.open(path) as document:
        for page in document.pages:
            page.extract_words()
            page.close()


def _images(path: Path) -> list[PageImage]:
    from docai.ingest.raw import open_document

    with open_document(path) as document:
        dpi = ReadOptions().dpi
        return [document.image(n, dpi=dpi) for n in range(1, document.page_count + 1)]


# --- the documents ------------------------------------------------------------------------------


def make_pdf(path: Path, pages: int, *, tables: bool = True) -> Path:
    """Two columns of prose on every page, and below them more of it or a ruled table."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path))
    for number in range(pages):
        _draw_page(canvas, number, tables)
        canvas.showPage()
    canvas.save()
    return path


def make_scan(path: Path, pages: int, seed: int = 0) -> Path:
    """The same pages as a scanner gives them: gray, noisy, a little askew."""
    import numpy as np
    import pypdfium2
    from PIL import Image

    random = np.random.default_rng(seed)
    pdf = pypdfium2.PdfDocument(make_pdf(path.with_suffix(".pdf"), pages).read_bytes())
    frames = []
    for page in pdf:
        clean = page.render(scale=SCAN_DPI / 72).to_pil().convert("L")
        askew = clean.rotate(
            random.uniform(-1, 1), fillcolor=255, resample=Image.Resampling.BICUBIC
        )
        noisy = np.asarray(askew) * 0.95 + random.normal(0, 6, askew.size[::-1])
        frames.append(Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)))
    first, *others = frames
    first.save(path, save_all=True, append_images=others, dpi=(SCAN_DPI, SCAN_DPI))
    return path


def _draw_page(canvas: Canvas, number: int, tables: bool) -> None:
    canvas.setFont("Helvetica-Bold", 14)
    canvas.drawString(50, 790, f"Framework agreement, part {number + 1}")
    canvas.setFont("Helvetica", 9)
    words = (PROSE * 4).split()
    for left, column in ((50, words[:160]), (310, words[40:200])):
        for row in range(20 if tables else 58):
            start = 8 * (row % 20)
            canvas.drawString(left, 760 - 12 * row, " ".join(column[start : start + 8]))
    for row in range(25 if tables else 0):
        y = 480 - 16 * row
        canvas.line(50, y - 4, 545, y - 4)
        cells = (f"Article {number}-{row}", "Carriage and insurance", f"{row + 1}", f"{row * 7}.50")
        for x, cell in zip((54, 150, 400, 500), cells, strict=True):
            canvas.drawString(x, y, cell)


# --- the clock ----------------------------------------------------------------------------------


def _cpu_s() -> float:
    usages = (
        resource.getrusage(resource.RUSAGE_SELF),
        resource.getrusage(resource.RUSAGE_CHILDREN),
    )
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _timed(work: Callable[[], object]) -> float:
    before = _cpu_s()
    work()
    return _cpu_s() - before


def _best(work: Callable[[], object]) -> float:
    return min(_timed(work) for _ in range(ROUNDS))


def _in_turn(*works: Callable[[], object]) -> list[float]:
    """The median CPU seconds of each, measured one after the other in every round."""
    rounds = [[_timed(work) for work in works] for _ in range(ROUNDS)]
    return [median(column) for column in zip(*rounds, strict=True)]


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _memory_of_tree_mb() -> float:
    """Resident memory of this process and its children."""
    pid = os.getpid()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = sum(_resident_pages(one) for one in (str(pid), *children))
    return pages * resource.getpagesize() / 1e6


def _resident_pages(pid: str) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
