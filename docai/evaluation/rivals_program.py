"""Other programs' tables of one PDF, as JSON. Run by docai.evaluation.rivals, in their Python.

It stands alone: nothing of docai is installed there. usage: rivals_program.py PROGRAM FILE...
Each line of the output is {"seconds": CPU time, "tables": [{"page", "box", "cells"}]} of a
file, or {"error": why}. Pages count from 1; boxes are points from the page's top left corner;
a cell is [row, column, row span, column span, text].
"""

import contextlib
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

Cells = list[tuple[int, int, int, int, str]]
Find = tuple[int, tuple[float, ...], Cells]  # page, box, cells


def by_camelot(flavor: str) -> Callable[[str], Iterator[Find]]:
    def tables(path: str) -> Iterator[Find]:
        import camelot
        import pypdfium2

        heights = [page.get_height() for page in pypdfium2.PdfDocument(path)]
        for table in camelot.read_pdf(path, pages="all", flavor=flavor, suppress_stdout=True):
            left, bottom, right, top = table._bbox
            height = heights[int(table.page) - 1]
            rows = table.df.values.tolist()
            yield int(table.page), (left, height - top, right, height - bottom), plain(rows)

    return tables


def by_img2table(path: str) -> Iterator[Find]:
    from img2table.document import PDF

    document = PDF(path)
    found = document.extract_tables(borderless_tables=True, implicit_rows=True)
    scale = 72 / 200  # it renders pages at 200 dpi
    for number, tables in found.items():
        for table in tables:
            box = table.bbox
            cells = spanned(
                [
                    [
                        (cell.bbox.x1, cell.bbox.y1, cell.bbox.x2, cell.bbox.y2, cell.value)
                        for cell in row
                    ]
                    for row in table.content.values()
                ]
            )
            corners = (box.x1, box.y1, box.x2, box.y2)
            yield number + 1, tuple(scale * x for x in corners), cells


def by_pdfplumber(path: str) -> Iterator[Find]:
    import pdfplumber

    with pdfplumber.open(path) as document:
        for number, page in enumerate(document.pages, start=1):
            for table in page.find_tables():
                yield number, table.bbox, plain(table.extract())


def plain(rows: Iterable[Iterable[str | None]]) -> Cells:
    """Cells of a grid without spans."""
    return [(r, c, 1, 1, text or "") for r, row in enumerate(rows) for c, text in enumerate(row)]


def spanned(rows: Iterable[Sequence[tuple[Any, ...]]]) -> Cells:
    """Cells with spans, where a span's cell stands in every place that it takes."""
    places: dict[tuple[Any, ...], list[tuple[int, int]]] = {}
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            places.setdefault(cell, []).append((r, c))
    return [
        (
            min(r for r, _ in taken),
            min(c for _, c in taken),
            max(r for r, _ in taken) - min(r for r, _ in taken) + 1,
            max(c for _, c in taken) - min(c for _, c in taken) + 1,
            cell[-1] or "",
        )
        for cell, taken in places.items()
    ]


def teds(path: str) -> list[list[float]]:
    """TEDS, and that of the structure alone, of each pair of HTML, found and true, in the file."""
    from table_recognition_metric import TEDS

    pairs = json.loads(Path(path).read_text("utf-8"))
    both = TEDS(), TEDS(structure_only=True)
    return [[measure(found, true) for measure in both] for found, true in pairs]


PROGRAMS: dict[str, Callable[[str], Iterator[Find]]] = {
    "camelot lattice": by_camelot("lattice"),
    "camelot stream": by_camelot("stream"),
    "camelot network": by_camelot("network"),
    "camelot hybrid": by_camelot("hybrid"),
    "img2table": by_img2table,
    "pdfplumber": by_pdfplumber,
}


def main(program: str, paths: Sequence[str]) -> None:
    warnings.simplefilter("ignore")
    if program == "teds":
        print(json.dumps(teds(paths[0])))  # noqa: T201
        return
    for path in paths:
        started = time.process_time()
        try:
            with contextlib.redirect_stdout(sys.stderr):
                tables = [
                    {"page": page, "box": box, "cells": cells}
                    for page, box, cells in PROGRAMS[program](path)
                ]
            answer = {"seconds": time.process_time() - started, "tables": tables}
        except Exception as error:
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
