"""How well tables are found and structured, by the measures of ICDAR 2013's table competition.

The folder holds for each NAME.pdf the regions of its tables (NAME-reg.xml) and their cells
(NAME-str.xml).

* Regions: a true region is complete where a find holds all its words; a find is pure where it
  holds no word beside a true region; and F1 by area.
* Structure: adjacency relations (docai.evaluation.adjacency), end to end, where a table that
  is missed or invented counts with all its relations, and with the true regions given.
  As in the competition, precision and recall are taken by document and averaged.
"""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from docai.document import Document, Page, Table
from docai.errors import UsageError
from docai.evaluation import report, rivals
from docai.evaluation.adjacency import Relation, TextCell, compared, relations
from docai.evaluation.metrics import Claim, Counts
from docai.evaluation.rivals import PlacedTable
from docai.evaluation.worst import WORST, drawing, rendered
from docai.geometry import Box
from docai.layout import arrange
from docai.layout.tables import table_in
from docai.pipeline import ReadOptions, read

RIGHT = 0.9  # adjacency F1 from which a table counts as right, where confidence is judged
HEADER = (
    "", "precision", "recall", "F1", "tables", "complete", "finds", "pure", "area F1",
    "pooled F1", "s/page", "failed files",
)  # fmt: skip

Words = frozenset[tuple[int, int]]  # (page, word)


@dataclass(frozen=True, slots=True)
class Areas:
    """Square points: true regions, finds, and what they share."""

    shared: float = 0.0
    found: float = 0.0
    true: float = 0.0

    def __add__(self, other: Areas) -> Areas:
        return Areas(self.shared + other.shared, self.found + other.found, self.true + other.true)

    @property
    def f1(self) -> float:
        total = self.found + self.true
        return 2 * self.shared / total if total else 1.0


@dataclass(frozen=True, slots=True)
class Score:
    """One document. `complete` counts true regions, `pure` finds."""

    name: str
    true: int
    found: int
    complete: int
    pure: int
    areas: Areas
    structure: Counts
    seconds: float = 0.0
    pages: int = 1
    claims: tuple[Claim, ...] = ()
    finds: tuple[PlacedTable, ...] = ()


def evaluate(data: Path, *, ocr: bool = False, tools: Path | None = None) -> report.Report:
    """`tools` is the Python of docai.evaluation.rivals.

    `ocr` reads the pages' pictures at 200 dpi as well, which takes some seconds a page.
    """
    known = names(data)
    documents = {name: read(data / f"{name}.pdf") for name in known}
    true = {name: truth(data, name, documents[name].pages) for name in known}
    scores = [_end_to_end(name, true[name], documents[name]) for name in known]
    rows = [
        row("docai", scores),
        row("docai, regions given", [_given(n, true[n], documents[n].pages) for n in known]),
    ]
    if ocr:
        rows.append(row("docai, OCR at 200 dpi", [_from_pixels(data, n, true[n]) for n in known]))
    if tools is not None:
        rows += [_rival(name, tools, data, true, documents) for name in rivals.NAMES]
    note = f"{len(known)} documents, {sum(map(len, true.values()))} tables"
    if len(scores) > 1:
        low, high = leave_one_out(scores)
        note += f"; leaving one document out: F1 of docai from {low:.4f} to {high:.4f}"
    claims = [claim for one in scores for claim in one.claims]
    figures = report.Table("Tables", HEADER, tuple(rows), note)
    drawings = tuple(drawn(data, documents, true, scores))
    confidence = report.confidence_tables("Confidence", claims)
    return report.Report("Tables in documents", (figures, *confidence), drawings)


def _rival(
    rival: str,
    tools: Path,
    data: Path,
    true: Mapping[str, Sequence[PlacedTable]],
    documents: Mapping[str, Document],
) -> tuple[report.Cell, ...]:
    finds = rivals.finds(tools, rival, [data / f"{name}.pdf" for name in true])
    judged = [
        replace(
            score(name, true[name], found.tables, documents[name].pages),
            seconds=found.seconds,
            pages=len(documents[name].pages),
        )
        for name, found in zip(true, finds, strict=True)
    ]
    return row(rival, judged, failed=sum(found.failed for found in finds))


def drawn(
    data: Path,
    documents: Mapping[str, Document],
    true: Mapping[str, Sequence[PlacedTable]],
    scores: Iterable[Score],
) -> Iterator[report.Drawing]:
    """The documents with the worst structure, where a table is wrong or missed."""
    for one in sorted(scores, key=lambda score: score.structure.f1)[:WORST]:
        path, document = data / f"{one.name}.pdf", documents[one.name]
        marks = list(_marks(document, true[one.name], one.finds))
        if any(mark.kind != report.RIGHT for _, mark in marks):
            title = f"{path.name}: structure F1 {one.structure.f1:.3f}"
            yield drawing(title, document, marks, partial(rendered, path))


def _marks(
    document: Document, true: Sequence[PlacedTable], found: Sequence[PlacedTable]
) -> Iterator[tuple[int, report.Mark]]:
    """Each with the index of its page."""
    index = {page.number: i for i, page in enumerate(document.pages)}
    for own in found:
        best = max((similarity(other, own) for other in true), default=0.0)
        kind = report.RIGHT if best >= RIGHT else report.WRONG
        yield index[own.page], report.Mark(own.box, kind, f"structure F1 {best:.3f}")
    for other in true:
        if all(similarity(other, own) < RIGHT for own in found):
            yield index[other.page], report.Mark(other.box, report.MISSED, "a table")


def names(data: Path) -> list[str]:
    """The documents of the folder. Raises UsageError where there are none."""
    found = sorted(
        pdf.stem for pdf in data.glob("*.pdf") if (data / f"{pdf.stem}-str.xml").is_file()
    )
    if not found:
        raise UsageError(
            f"{data} holds neither PDFs with their -str.xml nor PubTabNet_Examples.jsonl; point"
            " --data at icdar2013-eu or pubtabnet-examples"
        )
    return found


def truth(data: Path, name: str, pages: Sequence[Page]) -> list[PlacedTable]:
    """The tables as annotated, in upright page points."""
    heights = {page.number: page.height for page in pages}
    regions = _tables_by_id(data / f"{name}-reg.xml")
    return [
        _true_table(cells, regions[key], heights)
        for key, cells in _tables_by_id(data / f"{name}-str.xml").items()
    ]


def _tables_by_id(path: Path) -> dict[str, ET.Element]:
    return {table.attrib["id"]: table for table in ET.parse(path).iter("table")}


def _true_table(cells: ET.Element, region: ET.Element, heights: dict[int, float]) -> PlacedTable:
    part = next(region.iter("region"))
    page = int(part.attrib["page"])
    edges = next(part.iter("bounding-box")).attrib  # from the bottom up
    left, right = float(edges["x1"]), float(edges["x2"])
    top, bottom = heights[page] - float(edges["y2"]), heights[page] - float(edges["y1"])
    return PlacedTable(
        page, Box(left, top, right, bottom), tuple(map(_true_cell, cells.iter("cell")))
    )


def _true_cell(cell: ET.Element) -> TextCell:
    row, column = int(cell.attrib["start-row"]), int(cell.attrib["start-col"])
    last_row, last_column = (
        int(cell.attrib.get(key, start)) for key, start in (("end-row", row), ("end-col", column))
    )
    text = cell.findtext("content") or ""
    return TextCell(row, column, last_row - row + 1, last_column - column + 1, text)


def _end_to_end(name: str, true: Sequence[PlacedTable], document: Document) -> Score:
    started = time.process_time()
    pages = tuple(arrange(page) for page in document.pages)
    seconds = time.process_time() - started
    tables = [(table, page) for page in pages for table in page.tables]
    found = [placed(table, page) for table, page in tables]
    judged = score(name, true, found, pages)
    claims = [
        (table.confidence, any(similarity(other, own) >= RIGHT for other in true))
        for (table, _), own in zip(tables, found, strict=True)
    ]
    return replace(
        judged, seconds=seconds, pages=len(pages), claims=tuple(claims), finds=tuple(found)
    )


def similarity(true: PlacedTable, found: PlacedTable) -> float:
    if true.page != found.page:
        return 0.0
    return compared(relations(true.cells), relations(found.cells)).f1


def _from_pixels(data: Path, name: str, true: Sequence[PlacedTable]) -> Score:
    started = time.process_time()
    document = read(data / f"{name}.pdf", ReadOptions(text="ocr"))
    seconds = time.process_time() - started
    judged = _end_to_end(name, true, document)
    return replace(judged, seconds=seconds)


def _given(name: str, true: Sequence[PlacedTable], pages: Sequence[Page]) -> Score:
    """Each true region as a find with the structure that is seen in it."""
    by_number = {page.number: page for page in pages}
    started = time.process_time()
    found = []
    for table in true:
        page = by_number[table.page]
        seen = table_in(page, table.box)
        cells = placed(seen, page).cells if seen is not None else ()
        found.append(PlacedTable(table.page, table.box, cells))
    seconds = time.process_time() - started
    return replace(score(name, true, found, pages), seconds=seconds, pages=len(pages))


def placed(table: Table, page: Page) -> PlacedTable:
    cells = tuple(
        TextCell(c.row, c.column, c.row_span, c.column_span, page.text(c.words))
        for c in table.cells
    )
    return PlacedTable(page.number, table.box, cells)


def score(
    name: str, true: Sequence[PlacedTable], found: Sequence[PlacedTable], pages: Sequence[Page]
) -> Score:
    by_number = {page.number: page for page in pages}
    own = [_words(table, by_number) for table in true]
    held = [_words(table, by_number) for table in found]
    return Score(
        name,
        len(true),
        len(found),
        complete=sum(any(words <= other for other in held) for words in own),
        pure=sum(any(words <= other for other in own) for words in held),
        areas=_areas(true, found),
        structure=_structure(true, found, _partners(own, held)),
    )


def _words(table: PlacedTable, pages: dict[int, Page]) -> Words:
    """The words whose middles stand in the table."""
    return frozenset(
        (table.page, number)
        for number, word in enumerate(pages[table.page].words)
        if table.box.contains_point(*word.box.centre)
    )


def _partners(own: Sequence[Words], held: Sequence[Words]) -> dict[int, int]:
    """The find that stands for each true table: of those that share most with it the best."""
    best: dict[int, tuple[int, int]] = {}
    for number, words in enumerate(held):
        shared = [len(words & other) for other in own]
        most = max(shared, default=0)
        if most and most > best.get(shared.index(most), (0, 0))[0]:
            best[shared.index(most)] = most, number
    return {index: number for index, (_, number) in best.items()}


def _structure(
    true: Sequence[PlacedTable], found: Sequence[PlacedTable], partners: dict[int, int]
) -> Counts:
    nothing: Counter[Relation] = Counter()
    counts = Counts()
    for index, table in enumerate(true):
        claimed = relations(found[partners[index]].cells) if index in partners else nothing
        counts += compared(relations(table.cells), claimed)
    for number in set(range(len(found))) - set(partners.values()):
        counts += compared(nothing, relations(found[number].cells))
    return counts


def _areas(true: Sequence[PlacedTable], found: Sequence[PlacedTable]) -> Areas:
    shared = sum(
        common.area
        for a in true
        for b in found
        if a.page == b.page and (common := a.box.intersection(b.box)) is not None
    )
    return Areas(shared, sum(t.box.area for t in found), sum(t.box.area for t in true))


def row(name: str, scores: Sequence[Score], failed: int = 0) -> tuple[report.Cell, ...]:
    """Of the report, under HEADER."""
    return (
        name,
        *averaged(scores),
        sum(s.true for s in scores),
        sum(s.complete for s in scores),
        sum(s.found for s in scores),
        sum(s.pure for s in scores),
        sum((s.areas for s in scores), Areas()).f1,
        sum((s.structure for s in scores), Counts()).f1,
        sum(s.seconds for s in scores) / sum(s.pages for s in scores),
        failed,
    )


def averaged(scores: Iterable[Score]) -> tuple[float, float, float]:
    """Precision and recall averaged over documents, and the F1 of these."""
    counts = [one.structure for one in scores]
    precision = sum(c.precision for c in counts) / len(counts)
    recall = sum(c.recall for c in counts) / len(counts)
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0


def leave_one_out(scores: Sequence[Score]) -> tuple[float, float]:
    """The lowest and the highest F1 with one document left out."""
    figures = [averaged([*scores[:i], *scores[i + 1 :]])[2] for i in range(len(scores))]
    return min(figures), max(figures)
