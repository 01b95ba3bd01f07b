"""Documents and results to and from the JSON of docs/json.md.

One versioned form. Boxes are [x0, y0, x1, y1] in points; confidences have four digits.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from docai.document import (
    Block,
    BlockKind,
    Caveat,
    Cell,
    CellKind,
    Document,
    Line,
    Page,
    Role,
    Source,
    Table,
    TableJoiner,
    TextSource,
    WholeTable,
    Word,
    WordRef,
    whole_tables,
)
from docai.errors import DocaiError
from docai.geometry import Box
from docai.results import (
    Answer,
    Check,
    Extraction,
    Field,
    Item,
    KeyValue,
    Label,
    ModelInfo,
    Money,
    Span,
    Value,
)

CHUNK = 1 << 20  # characters copied at a time
FORMAT_VERSION = 1  # raise it when a stored document would read differently

Json = dict[str, Any]


def dumps(value: Json, *, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def document_to_json(document: Document) -> Json:
    """The whole of what `docai read` says."""
    return {
        "format_version": FORMAT_VERSION,
        "source": source_to_json(document.source),
        "pages": [page_to_json(page) for page in document.pages],
        "tables": tables_to_json(document),
        "warnings": [caveat_to_json(caveat) for caveat in document.caveats],
    }


def stream_document(
    source: Source, pages: Iterable[Page], caveats: Sequence[Caveat]
) -> Iterator[str]:
    """`document_to_json` as text, page by page: nothing of a page is kept once it is written.

    `caveats` is looked at after the last page.
    """
    head = {"format_version": FORMAT_VERSION, "source": source_to_json(source)}
    yield dumps(head)[:-1] + ', "pages": ['
    # Tables come after the pages; until then they wait outside of memory.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as tables:
        joined = TableJoiner()

        def keep(whole: Iterable[WholeTable]) -> None:
            for table in whole:
                tables.write((", " if tables.tell() else "") + dumps(table_to_json(table)))

        for index, page in enumerate(pages):
            keep(joined.add(page))
            yield (", " if index else "") + dumps(page_to_json(page))
        keep(joined.rest())
        yield '], "tables": ['
        tables.seek(0)
        yield from iter(lambda: tables.read(CHUNK), "")
    yield "], " + dumps({"warnings": [caveat_to_json(caveat) for caveat in caveats]})[1:]


def document_from_json(value: Json) -> Document:
    """The document of which `document_to_json` spoke.

    Raises ValueError for another format_version or a form that is not ours.
    """
    if value.get("format_version") != FORMAT_VERSION:
        raise ValueError(f"format_version {value.get('format_version')} is not {FORMAT_VERSION}")
    try:
        pages = [_page_from_json(page) for page in value["pages"]]
        index_of = {page.number: index for index, page in enumerate(pages)}
        for table in value["tables"]:
            for number, part in _parts_from_json(table):
                page = pages[index_of[number]]
                pages[index_of[number]] = replace(page, tables=(*page.tables, part))
        return Document(
            Source(**value["source"]),
            tuple(pages),
            tuple(Caveat(w["code"], w["message"], w["page"]) for w in value["warnings"]),
        )
    except (KeyError, TypeError, StopIteration) as error:
        raise ValueError(f"not a document of format {FORMAT_VERSION}: {error!r}") from error


def extraction_to_json(
    extraction: Extraction, document: Document, *, with_words: bool = False
) -> Json:
    """What `docai extract` says; `with_words` keeps the pages' words, lines and blocks."""
    pages = [page_to_json(page) for page in document.pages]
    if not with_words:
        pages = [
            {k: v for k, v in page.items() if k not in ("words", "lines", "blocks")}
            for page in pages
        ]
    caveats = document.caveats + extraction.caveats
    return {
        "format_version": FORMAT_VERSION,
        "source": source_to_json(document.source),
        "pages": pages,
        "task": extraction.task,
        "model": model_to_json(extraction.model),
        "fields": [field_to_json(field, document) for field in extraction.fields],
        "items": [item_to_json(item, document) for item in extraction.items],
        "tax_details": [item_to_json(item, document) for item in extraction.tax_details],
        "key_values": [_key_value_to_json(pair, document) for pair in extraction.key_values],
        "tables": tables_to_json(document),
        "label": label_to_json(extraction.label),
        "checks": [_check_to_json(check) for check in extraction.checks],
        "warnings": [caveat_to_json(caveat) for caveat in caveats],
    }


def answers_to_json(
    document: Document, model: ModelInfo, answers: Sequence[tuple[str, Sequence[Answer]]]
) -> Json:
    """What `docai ask` says: for each question the answers found, best first, or none."""
    return {
        "format_version": FORMAT_VERSION,
        "source": source_to_json(document.source),
        "model": model_to_json(model),
        "answers": [_answers_to_json(q, found, document) for q, found in answers],
    }


def classification_to_json(document: Document, model: ModelInfo, label: Label | None) -> Json:
    """What `docai classify` says."""
    return {
        "format_version": FORMAT_VERSION,
        "source": source_to_json(document.source),
        "model": model_to_json(model),
        "label": label_to_json(label),
    }


def error_to_json(filename: str, error: DocaiError) -> Json:
    """The object that stands for a document that could not be done."""
    return {
        "format_version": FORMAT_VERSION,
        "source": {"filename": filename},
        "error": {"code": error.code, "message": str(error), "retryable": error.retryable},
    }


def source_to_json(source: Source) -> Json:
    return {
        "filename": source.filename,
        "sha256": source.sha256,
        "media_type": source.media_type,
        "bytes": source.bytes,
    }


def page_to_json(page: Page) -> Json:
    return {
        "number": page.number,
        "width": round(page.width, 2),
        "height": round(page.height, 2),
        "dpi": page.dpi if page.dpi is None else round(page.dpi, 2),
        "rotation": page.rotation,
        "skew": round(page.skew, 3),
        "text_source": page.text_source.value,
        "words": [
            {"text": w.text, "box": box_to_json(w.box), "confidence": round(w.confidence, 4)}
            for w in page.words
        ],
        "lines": [list(line.words) for line in page.lines],
        "blocks": [
            {"kind": block.kind.value, "box": box_to_json(block.box), "lines": list(block.lines)}
            for block in page.blocks
        ],
    }


def box_to_json(box: Box) -> list[float]:
    return [round(box.left, 2), round(box.top, 2), round(box.right, 2), round(box.bottom, 2)]


def tables_to_json(document: Document) -> list[Json]:
    return [table_to_json(table) for table in whole_tables(document.pages)]


def field_to_json(field: Field, document: Document) -> Json:
    return {
        "name": field.name,
        "type": field.type.value,
        "value": value_to_json(field.value),
        "text": field.text,
        "confidence": round(field.confidence, 4),
        "evidence": evidence_to_json(field.evidence, document),
    }


def item_to_json(item: Item, document: Document) -> Json:
    return {"fields": [field_to_json(field, document) for field in item.fields]}


def value_to_json(value: Value) -> Any:
    if isinstance(value, Money):
        return {"amount": str(value.amount), "currency": value.currency}
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return value


def evidence_to_json(refs: Sequence[WordRef], document: Document) -> list[Json]:
    """One box for each line of each page that the words stand on; page numbers from 1."""
    pieces = []
    for (page_index, _), group in groupby(
        refs, key=lambda ref: (ref.page, _line_of(ref, document))
    ):
        words = [ref.word for ref in group]
        page = document.pages[page_index]
        pieces.append({"page": page.number, "box": box_to_json(page.box(words)), "words": words})
    return pieces


def label_to_json(label: Label | None) -> Json | None:
    if label is None:
        return None
    return {"name": label.name, "confidence": round(label.confidence, 4)}


def model_to_json(model: ModelInfo) -> Json:
    return {"name": model.name, "version": model.version, "sha256": model.sha256}


def caveat_to_json(caveat: Caveat) -> Json:
    return {"code": caveat.code, "message": caveat.message, "page": caveat.page}


def _line_of(ref: WordRef, document: Document) -> int:
    lines = document.pages[ref.page].lines
    return next((i for i, line in enumerate(lines) if ref.word in line.words), -1)


def table_to_json(whole: WholeTable) -> Json:
    """A table over all its pages; "parts" are there where it has several."""
    page, first = whole.parts[0]
    value: Json = {
        "page": page.number,
        "box": box_to_json(first.box),
        "rows": whole.rows,
        "columns": whole.columns,
        "confidence": round(whole.confidence, 4),
        "cells": [
            _cell_to_json(cell, own) | ({"page": own.number} if own is not page else {})
            for own, cell in whole.cells()
        ],
    }
    for name, words in (("caption", first.caption), ("notes", whole.parts[-1][1].notes)):
        if words:
            own = page if name == "caption" else whole.parts[-1][0]
            value[name] = {"text": own.text(words), "page": own.number, "words": list(words)}
    if len(whole.parts) > 1:
        value["parts"] = [_part_to_json(own, table) for own, table in whole.parts]
    return value


def _part_to_json(page: Page, table: Table) -> Json:
    """The piece on one page. Its header is left out of the whole where it says the same again."""
    return {
        "page": page.number,
        "box": box_to_json(table.box),
        "rows": table.rows - table.repeated,
        "confidence": round(table.confidence, 4),
        "repeated_header": [
            _cell_to_json(cell, page) for cell in table.cells if cell.row < table.repeated
        ],
    }


def _cell_to_json(cell: Cell, page: Page) -> Json:
    value = {
        "row": cell.row,
        "column": cell.column,
        "row_span": cell.row_span,
        "column_span": cell.column_span,
        "kind": cell.kind.value,
        "text": page.text(cell.words),
        "box": box_to_json(cell.box),
        "words": list(cell.words),
    }
    if cell.role is not None:
        value["role"] = cell.role.value
    return value


def _key_value_to_json(pair: KeyValue, document: Document) -> Json:
    value = None if pair.value is None else _span_to_json(pair.value, document)
    if value is not None and pair.checked is not None:
        value = {**value, "type": "boolean", "value": pair.checked}
    return {
        "key": _span_to_json(pair.key, document),
        "value": value,
        "confidence": round(pair.confidence, 4),
    }


def _span_to_json(span: Span, document: Document) -> Json:
    return {"text": span.text, "evidence": evidence_to_json(span.evidence, document)}


def _check_to_json(check: Check) -> Json:
    return {
        "name": check.name,
        "passed": check.passed,
        "detail": check.detail,
        "fields": list(check.fields),
    }


def _answers_to_json(question: str, found: Sequence[Answer], document: Document) -> Json:
    ranked = [
        {
            "answer": answer.text,
            "confidence": round(answer.confidence, 4),
            "evidence": evidence_to_json(answer.evidence, document),
        }
        for answer in found
    ]
    nothing: Json = {"answer": None, "confidence": 0.0, "evidence": []}
    best, *others = ranked or [nothing]
    return {"question": question, **best, "alternatives": others}


def _page_from_json(value: Json) -> Page:
    return Page(
        number=value["number"],
        width=value["width"],
        height=value["height"],
        words=tuple(Word(w["text"], Box(*w["box"]), w["confidence"]) for w in value["words"]),
        lines=tuple(Line(tuple(words)) for words in value["lines"]),
        blocks=tuple(
            Block(BlockKind(b["kind"]), Box(*b["box"]), tuple(b["lines"])) for b in value["blocks"]
        ),
        text_source=TextSource(value["text_source"]),
        dpi=value["dpi"],
        rotation=value["rotation"],
        skew=value["skew"],
    )


def _parts_from_json(value: Json) -> Iterator[tuple[int, Table]]:
    """(page number, table) of every part."""
    cells = [(cell.get("page", value["page"]), _cell_from_json(cell)) for cell in value["cells"]]
    parts = value.get("parts", [{**value, "repeated_header": []}])
    first_row = 0
    for n, part in enumerate(parts):
        repeated = [_cell_from_json(cell) for cell in part["repeated_header"]]
        dropped = max((cell.row + cell.row_span for cell in repeated), default=0)
        own = [
            replace(cell, row=cell.row - first_row + dropped)
            for page, cell in cells
            if page == part["page"] and first_row <= cell.row < first_row + part["rows"]
        ]
        caption, notes = (
            tuple(text["words"])
            if (text := value.get(name)) and text["page"] == part["page"]
            else ()
            for name in ("caption", "notes")
        )
        box = Box(*part["box"])
        cells_of_part = (*repeated, *own)
        yield (
            part["page"],
            Table(box, cells_of_part, part["confidence"], caption, notes, n > 0, dropped),
        )
        first_row += part["rows"]


def _cell_from_json(value: Json) -> Cell:
    return Cell(
        row=value["row"],
        column=value["column"],
        words=tuple(value["words"]),
        box=Box(*value["box"]),
        row_span=value["row_span"],
        column_span=value["column_span"],
        kind=CellKind(value["kind"]),
        role=Role(value["role"]) if "role" in value else None,
    )
