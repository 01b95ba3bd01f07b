"""How well a table is structured from its picture alone: TEDS on PubTabNet's examples.

The folder holds PubTabNet_Examples.jsonl and the pictures that it names. Each picture is read
by OCR and structured as one table, without and with the model. TEDS is 1 less the edit distance of
the two trees of HTML, as a share of the larger one (Zhong, ShafieiBavani, Jimeno Yepes:
Image-based table recognition, ECCV 2020); the package table-recognition-metric computes it.
"""

from __future__ import annotations

import html
import json
import re
import time
from pathlib import Path

from docai.document import CellKind, Page, Table
from docai.evaluation import report, rivals
from docai.geometry import Box
from docai.layout.slanet import by_model
from docai.layout.tables import table_in
from docai.pipeline import reading

LISTING = "PubTabNet_Examples.jsonl"
STYLE = re.compile(r"</?(b|i|sup|sub|strike|u|overline|underline)>")  # no part of the structure
DPI = 200.0  # at which the model is shown the picture


def evaluate(listing: Path, tools: Path) -> report.Report:
    """`tools` is the Python of docai.evaluation.rivals."""
    pairs: dict[str, list[tuple[str, str]]] = {"lines, alignment": [], "and the model": []}
    seconds = 0.0
    examples = [json.loads(line) for line in listing.read_text("utf-8").splitlines()]
    for example in examples:
        true = _true_html(example["html"])
        with reading(listing.parent / example["filename"]) as document:
            page = document.page(1)
            image = document.image(page, dpi=DPI)
        whole = Box(0, 0, page.width, page.height)
        started = time.process_time()
        for name, model in zip(pairs, (None, by_model(image)), strict=True):
            pairs[name].append((_html(table_in(page, whole, model), page), true))
        seconds += time.process_time() - started
    rows = []
    for name, both in pairs.items():
        scores = rivals.teds(tools, both)
        rows.append((name, *(sum(column) / len(scores) for column in zip(*scores, strict=True))))
    note = f"{len(examples)} pictures, {seconds / len(examples):.3f} s each after OCR"
    header = ("", "TEDS", "of the structure alone")
    return report.Report("Tables in pictures", (report.Table("TEDS", header, tuple(rows), note),))


def _true_html(value: dict[str, list[dict[str, list[str]]] | dict[str, list[str]]]) -> str:
    """The tags with the cells' texts put in, without bold and the like."""
    texts = iter("".join(cell["tokens"]) for cell in value["cells"])  # type: ignore[index]  # JSON
    parts = []
    for token in value["structure"]["tokens"]:  # type: ignore[call-overload]  # JSON
        parts.append(next(texts) + token if token == "</td>" else token)
    return _document(STYLE.sub("", "".join(parts)))


def _html(table: Table | None, page: Page) -> str:
    """The table with head and body as PubTabNet has them."""
    if table is None:
        return _document("<tr><td></td></tr>")
    rows: list[list[str]] = [[] for _ in range(table.rows)]
    heads = 0
    for cell in table.cells:
        spans = f' rowspan="{cell.row_span}"' if cell.row_span > 1 else ""
        spans += f' colspan="{cell.column_span}"' if cell.column_span > 1 else ""
        rows[cell.row].append(f"<td{spans}>{html.escape(page.text(cell.words))}</td>")
        if cell.kind is CellKind.HEADER:
            heads = max(heads, cell.row + cell.row_span)
    lines = ["<tr>" + "".join(row) + "</tr>" for row in rows]
    head, body = "".join(lines[:heads]), "".join(lines[heads:])
    return _document(f"<thead>{head}</thead><tbody>{body}</tbody>")


def _document(rows: str) -> str:
    return f"<html><body><table>{rows}</table></body></html>"
