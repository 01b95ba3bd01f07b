"""Pages as they were read: what a broken-off reading goes on from, and what questions ask.

The form is ours alone and exact, so that a document that was read in two goes gives the same
results as one that was read in one.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from docai.document import Block, BlockKind, Caveat, Line, Page, Table, TextSource, Word
from docai.geometry import Box
from docai.pipeline import ReadPage
from docai.store.database import Store
from docai.store.models import PageRow
from docai.store.upsert import insert_of

Json = dict[str, Any]


def known(store: Store, document_id: UUID, reading: str) -> dict[int, ReadPage]:
    """The pages of this reading that are kept, by number."""
    wanted = select(PageRow.number, PageRow.content).where(
        PageRow.document_id == document_id, PageRow.reading == reading
    )
    with store.reading() as session:
        return {number: unpacked(content) for number, content in session.execute(wanted)}


def one(store: Store, document_id: UUID, number: int) -> Page | None:
    """The page as one of the readings has it, or None where nobody read it yet."""
    wanted = select(PageRow.content).where(
        PageRow.document_id == document_id, PageRow.number == number
    )
    with store.reading() as session:
        content = session.scalars(wanted.limit(1)).first()
    return None if content is None else unpacked(content)[0]


def keep(session: Session, document_id: UUID, reading: str, pages: Sequence[ReadPage]) -> None:
    """A page that is kept already stays: the same reading gives the same page."""
    if not pages:
        return
    session.execute(
        insert_of(session, PageRow).on_conflict_do_nothing(),
        [
            {
                "document_id": document_id,
                "reading": reading,
                "number": page.number,
                "width": page.width,
                "height": page.height,
                "text_source": page.text_source.value,
                "words": len(page.words),
                "content": packed(page, caveats),
            }
            for page, caveats in pages
        ],
    )


def packed(page: Page, caveats: Sequence[Caveat]) -> bytes:
    value = {
        "number": page.number,
        "width": page.width,
        "height": page.height,
        "words": [[w.text, *_edges(w.box), w.confidence] for w in page.words],
        "lines": [line.words for line in page.lines],
        "blocks": [[b.kind.value, *_edges(b.box), b.lines] for b in page.blocks],
        "tables": [asdict(table) for table in page.tables],
        "rules": [_edges(rule) for rule in page.rules],
        "text_source": page.text_source.value,
        "dpi": page.dpi,
        "rotation": page.rotation,
        "skew": page.skew,
        "caveats": [asdict(caveat) for caveat in caveats],
    }
    return zlib.compress(json.dumps(value, separators=(",", ":")).encode(), level=1)


def unpacked(content: bytes) -> ReadPage:
    value: Json = json.loads(zlib.decompress(content))
    page = Page(
        number=value["number"],
        width=value["width"],
        height=value["height"],
        words=tuple(Word(w[0], Box(*w[1:5]), w[5]) for w in value["words"]),
        lines=tuple(Line(tuple(words)) for words in value["lines"]),
        blocks=tuple(Block(BlockKind(b[0]), Box(*b[1:5]), tuple(b[5])) for b in value["blocks"]),
        tables=tuple(_built(Table, table) for table in value["tables"]),
        rules=tuple(Box(*edges) for edges in value["rules"]),
        text_source=TextSource(value["text_source"]),
        dpi=value["dpi"],
        rotation=value["rotation"],
        skew=value["skew"],
    )
    return page, tuple(Caveat(**caveat) for caveat in value["caveats"])


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


def _built(kind: Any, value: Any) -> Any:
    """The value of that type which `asdict` and JSON took apart."""
    if isinstance(kind, type) and is_dataclass(kind):
        types = _types(kind)
        return kind(**{name: _built(types[name], part) for name, part in value.items()})
    if get_origin(kind) is tuple:
        return tuple(_built(get_args(kind)[0], part) for part in value)
    if get_origin(kind) is UnionType:  # something or None
        return None if value is None else _built(get_args(kind)[0], value)
    return kind(value)


@cache
def _types(kind: type) -> Json:
    return get_type_hints(kind)
