"""From placed words and their marks to a LabelledDocument."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from docai.document import (
    Block,
    Cell,
    Document,
    Line,
    Page,
    Source,
    Table,
    Word,
    WordRef,
)
from docai.geometry import Box
from docai.results import Field, Item, KeyValue, Span, Value
from docai.training.labelled import Entity, EntityLabel, LabelledDocument, Link
from docai.training.synth import typeset
from docai.training.synth.marks import (
    HAND,
    CellMark,
    EntityMark,
    FieldMark,
    Mark,
    RowMark,
    TableMark,
)
from docai.training.synth.typeset import SetWord, Sheet, is_chinese

ORIGIN = "synthetic"

Refs = tuple[WordRef, ...]


@dataclass(frozen=True, slots=True)
class Sought:
    """What a kind of document is asked for: its fields' names, and whether it has lists."""

    names: frozenset[str] = frozenset()
    items: bool = False


def labelled(
    sheets: Sequence[Sheet], name: str, kind: str, language: str, sought: Sought
) -> LabelledDocument:
    """`name` is what the document's file would be called."""
    document = Document(_source(name), tuple(_page(n, s) for n, s in enumerate(sheets, start=1)))
    refs = _by_mark(sheets)
    entities, links, pairs = _entities(document, sheets, refs)
    places, fields = _fields(document, refs)
    return LabelledDocument(
        document,
        ORIGIN,
        kind,
        language,
        entities=entities,
        links=links,
        key_values=pairs,
        fields=fields if sought.names else None,
        items=_rows(document, refs, "items") if sought.items else None,
        tax_details=_rows(document, refs, "tax_details") if sought.items else None,
        sought=sought.names,
        places=places,
        handwritten=frozenset(refs.get(HAND, ())),
    )


def said(document: Document, refs: Iterable[WordRef]) -> str:
    """What the page says: Chinese words follow each other without a space."""
    text = ""
    for ref in refs:
        word = document.word(ref).text
        glued = not text or (is_chinese(text[-1]) and is_chinese(word[0]))
        text += word if glued else " " + word
    return text


def _source(name: str) -> Source:
    return Source(name, hashlib.sha256(name.encode()).hexdigest(), "application/pdf", 0)


def _by_mark(sheets: Sequence[Sheet]) -> dict[Mark, Refs]:
    found: dict[Mark, list[WordRef]] = defaultdict(list)
    for page, sheet in enumerate(sheets):
        for number, word in enumerate(sheet.words):
            for mark in word.marks:
                found[mark].append(WordRef(page, number))
    return {mark: tuple(refs) for mark, refs in found.items()}


def _page(number: int, sheet: Sheet) -> Page:
    words = tuple(Word(word.text, word.box) for word in sheet.words)
    lines, blocks = _lines_and_blocks(sheet.words)
    return Page(
        number,
        sheet.width,
        sheet.height,
        words=words,
        lines=lines,
        blocks=blocks,
        tables=_tables(sheet),
        rules=tuple(_rule(stroke) for stroke in sheet.strokes),
    )


def _rule(stroke: typeset.Stroke) -> Box:
    half = stroke.width / 2
    if stroke.y0 == stroke.y1:
        return Box(
            min(stroke.x0, stroke.x1), stroke.y0 - half, max(stroke.x0, stroke.x1), stroke.y0 + half
        )
    return Box(
        stroke.x0 - half, min(stroke.y0, stroke.y1), stroke.x0 + half, max(stroke.y0, stroke.y1)
    )


def _lines_and_blocks(words: Sequence[SetWord]) -> tuple[tuple[Line, ...], tuple[Block, ...]]:
    lines: list[Line] = []
    blocks: list[Block] = []
    first = 0
    for number in range(1, len(words) + 1):
        if number < len(words) and words[number].line == words[first].line:
            continue
        lines.append(Line(tuple(range(first, number))))
        box = Box.enclosing(word.box for word in words[first:number])
        block = words[first].block
        if first and words[first - 1].block is block:
            last = blocks[-1]
            blocks[-1] = Block(
                block.kind, Box.enclosing((last.box, box)), (*last.lines, len(lines) - 1)
            )
        else:
            blocks.append(Block(block.kind, box, (len(lines) - 1,)))
        first = number
    return tuple(lines), tuple(blocks)


def _tables(sheet: Sheet) -> tuple[Table, ...]:
    """The tables on this page; rows count from the page's first row of the table."""
    words: dict[Mark, list[int]] = defaultdict(list)
    for number, word in enumerate(sheet.words):
        for mark in word.marks:
            words[mark].append(number)
    boxes: dict[Mark, list[Box]] = defaultdict(list)
    for mark, box in sheet.tables:
        boxes[mark].append(box)
    tables = []
    for table in (mark for mark in boxes if isinstance(mark, TableMark)):
        cells = [
            (m, b[0]) for m, b in boxes.items() if isinstance(m, CellMark) and m.table is table
        ]
        # A head that is repeated has row -1 there, and is its page's first row all the same.
        rows = {row: rank for rank, row in enumerate(sorted({mark.row for mark, _ in cells}))}
        tables.append(
            Table(
                Box.enclosing(boxes[table]),
                tuple(
                    Cell(
                        rows[mark.row],
                        mark.column,
                        tuple(words[mark]),
                        box,
                        column_span=mark.column_span,
                        kind=mark.kind,
                    )
                    for mark, box in sorted(cells, key=lambda c: (c[0].row, c[0].column))
                ),
            )
        )
    return tuple(tables)


def _entities(
    document: Document, sheets: Sequence[Sheet], refs: dict[Mark, Refs]
) -> tuple[tuple[Entity, ...], tuple[Link, ...], tuple[KeyValue, ...]]:
    marked = {m: found for m, found in refs.items() if isinstance(m, EntityMark)}
    groups: list[tuple[EntityMark | None, Refs]] = list(marked.items())
    groups += [(None, found) for found in _unmarked(sheets)]
    groups.sort(key=lambda group: (group[1][0].page, group[1][0].word))
    rank = {mark: number for number, (mark, _) in enumerate(groups) if mark is not None}
    entities = tuple(
        Entity(EntityLabel.OTHER if mark is None else mark.label, found) for mark, found in groups
    )
    links = tuple(
        Link(rank[question], rank[answer])
        for answer in rank
        for question in answer.questions
        if question in rank
    )
    return entities, links, _pairs(document, marked)


def _pairs(document: Document, marked: dict[EntityMark, Refs]) -> tuple[KeyValue, ...]:
    answers: dict[EntityMark, list[EntityMark]] = defaultdict(list)
    for mark in marked:
        for question in mark.questions:
            answers[question].append(mark)

    def span(found: Refs) -> Span:
        return Span(said(document, found), found)

    pairs = []
    for question, found in marked.items():
        if question.label is not EntityLabel.QUESTION or not question.pairs:
            continue
        values = [answer for answer in answers[question] if answer.pairs]
        for answer in values:
            pairs.append(KeyValue(span(found), span(marked[answer]), 1.0, answer.checked))
        if not values:
            pairs.append(KeyValue(span(found), None, 1.0))
    return tuple(pairs)


def _unmarked(sheets: Sequence[Sheet]) -> list[Refs]:
    """Words that are in no entity, block by block."""
    groups: list[list[WordRef]] = []
    last: object = None
    for page, sheet in enumerate(sheets):
        for number, word in enumerate(sheet.words):
            if any(isinstance(mark, EntityMark) for mark in word.marks):
                last = None
                continue
            where = (page, id(word.block))
            if where != last:
                groups.append([])
            groups[-1].append(WordRef(page, number))
            last = where
    return [tuple(group) for group in groups]


def _value(mark: FieldMark | RowMark, text: str) -> Value:
    return text if mark.value is None else mark.value


def _fields(
    document: Document, refs: dict[Mark, Refs]
) -> tuple[dict[str, tuple[Refs, ...]], tuple[Field, ...]]:
    places: dict[str, list[Refs]] = defaultdict(list)
    fields: dict[str, Field] = {}
    # What stands at the foot of every page stands in as many places.
    found = [
        (mark, tuple(on_page))
        for mark, words in refs.items()
        if isinstance(mark, FieldMark)
        for _, on_page in groupby(words, key=attrgetter("page"))
    ]
    for mark, words in sorted(found, key=lambda pair: (pair[1][0].page, pair[1][0].word)):
        places[mark.name].append(words)
        text = said(document, words)
        value = _value(mark, text)
        fields.setdefault(mark.name, Field(mark.name, mark.type, value, text, 1.0, words))
    return {name: tuple(all_of_it) for name, all_of_it in places.items()}, tuple(fields.values())


def _rows(document: Document, refs: dict[Mark, Refs], rows: str) -> tuple[Item, ...]:
    items: dict[int, list[Field]] = defaultdict(list)
    for mark, words in refs.items():
        if isinstance(mark, RowMark) and mark.rows == rows:
            text = said(document, words)
            field = Field(mark.name, mark.type, _value(mark, text), text, 1.0, words)
            items[mark.row].append(field)
    return tuple(Item(tuple(items[row])) for row in sorted(items))
