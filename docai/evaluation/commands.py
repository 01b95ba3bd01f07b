"""`docai evaluate WHAT`: every benchmark by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docai.errors import UsageError
from docai.pipeline import read

RECEIPTS_READ = 60  # unless --limit says otherwise; a minute and a half of OCR


def evaluate(
    what: str,
    data: Path | None,
    limit: int,
    seed: int,
    *,
    from_pixels: bool = False,
    tools: Path | None = None,
) -> Iterator[str]:
    """The lines of the report, as they come. Raises UsageError where `data` is needed.

    `from_pixels` and `tools` are for tables: whether the pages are read by OCR as well, and a
    Python with the programs to compare with.
    """
    if what == "speed":
        from docai.evaluation import speed

        yield from map(speed.line, speed.evaluate())
        return
    if what == "model":
        from docai.evaluation import model_speed as model

        yield model.table(model.time_models(), model.measure_memory(), model.pages_cost())
        return
    if data is None or not data.is_dir():
        raise UsageError(f"docai evaluate {what} needs --data DIR, a folder of documents")
    if what == "robust":
        from docai.evaluation import robust

        yield from robust.report(robust.evaluate(data))
    elif what == "ocr":
        from docai.evaluation import ocr

        yield ocr.evaluate(data, limit=limit or 40, seed=seed).table()
    elif what == "order":
        from docai.evaluation import reading_order

        yield reading_order.table(reading_order.evaluate(data))
    elif what == "invoice":
        from docai.evaluation import invoice

        yield invoice.evaluate(data, read).table()
    elif what == "tables":
        yield from _tables(data, from_pixels, tools)
    elif what == "receipt":
        from docai.evaluation import receipt

        # The even half fitted the confidences; only the odd one says how good they are.
        yield "odd half, from the labelled words\n"
        yield receipt.evaluate(data, half="odd").table()
        count = limit or RECEIPTS_READ
        yield f"\n{count} of the odd half (seed {seed}), from their images\n"
        yield receipt.evaluate(data, read, half="odd", limit=count, seed=seed).table()
    else:
        from docai.evaluation import form

        yield form.evaluate(data).table()


def _tables(data: Path, from_pixels: bool, tools: Path | None) -> Iterator[str]:
    """ICDAR 2013's documents, or PubTabNet's pictures, whichever the folder holds."""
    from docai.evaluation import table_pictures, tables

    listing = next(data.rglob(table_pictures.LISTING), None)
    if listing is None:
        yield from tables.evaluate(data, ocr=from_pixels, tools=tools)
    elif tools is None:
        raise UsageError("docai evaluate tables measures pictures with --tools PYTHON only")
    else:
        yield from table_pictures.evaluate(listing, tools)
