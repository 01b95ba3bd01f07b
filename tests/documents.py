"""A small read document and its extraction, for tests that need one."""

from datetime import date
from decimal import Decimal

from docai.document import (
    Block,
    BlockKind,
    Caveat,
    Cell,
    CellKind,
    Document,
    Line,
    Page,
    Source,
    Table,
    Word,
    WordRef,
)
from docai.geometry import Box
from docai.results import (
    Check,
    Extraction,
    Field,
    FieldType,
    Item,
    KeyValue,
    Label,
    ModelInfo,
    Money,
    Span,
)

MODEL = ModelInfo("geometric", "1", "0" * 64)


def word(text: str, left: float, top: float) -> Word:
    return Word(text, Box(left, top, left + 6 * len(text), top + 10), 0.9)


def document() -> Document:
    """A title, a line, and a table of two columns: Item, Price / Tea, 2.50."""
    words = (
        word("Invoice", 50, 50),
        word("<b>Total</b>", 50, 80), word("=2+3", 150, 80),
        word("Item", 50, 120), word("Price", 150, 120),
        word("Tea", 50, 140), word("2.50", 150, 140),
    )  # fmt: skip
    lines = tuple(map(Line, ((0,), (1, 2), (3, 4), (5, 6))))
    boxes = [w.box for w in words]
    cells = tuple(
        Cell(row, column, (index,), boxes[index], kind=kind)
        for row, column, index, kind in (
            (0, 0, 3, CellKind.HEADER),
            (0, 1, 4, CellKind.HEADER),
            (1, 0, 5, CellKind.CONTENT),
            (1, 1, 6, CellKind.CONTENT),
        )
    )
    page = Page(
        number=1,
        width=420,
        height=595,
        words=words,
        lines=lines,
        blocks=(
            Block(BlockKind.TITLE, boxes[0], (0,)),
            Block(BlockKind.TEXT, Box.enclosing(boxes[1:3]), (1,)),
            Block(BlockKind.TABLE, Box.enclosing(boxes[3:]), (2, 3)),
        ),
        tables=(Table(Box.enclosing(boxes[3:]), cells, 0.875),),
        rotation=90,
        skew=-0.5,
    )
    source = Source("tea.pdf", "ab" * 32, "application/pdf", 1234)
    return Document(source, (page,), (Caveat("page_failed", "page 2 is damaged", 2),))


def extraction() -> Extraction:
    def field(name: str, kind: FieldType, value: object, text: str, *words: int) -> Field:
        return Field(name, kind, value, text, 0.75, tuple(WordRef(0, w) for w in words))  # type: ignore[arg-type]

    return Extraction(
        task="invoice",
        model=MODEL,
        fields=(
            field("vendor_name", FieldType.STRING, "=2+3", "=2+3", 2),
            field("invoice_date", FieldType.DATE, date(2026, 3, 1), "1 March 2026", 1, 2),
            field("subtotal", FieldType.MONEY, Money(Decimal("-2.50"), "EUR"), "-2.50", 6),
        ),
        items=(
            Item(
                (
                    field("description", FieldType.STRING, "Tea", "Tea", 5),
                    field("quantity", FieldType.NUMBER, Decimal("1.000"), "1.000", 6),
                )
            ),
        ),
        key_values=(
            KeyValue(Span("Adult", (WordRef(0, 0),)), Span("☒", (WordRef(0, 1),)), 0.5, True),
            KeyValue(Span("Name", (WordRef(0, 0),)), None, 0.5),
        ),
        label=Label("invoice", 0.8),
        checks=(Check("sum", False, "2 + 2 is not 5", ("subtotal",)),),
    )
