"""`docai evaluate WHAT`: every benchmark by name."""

from __future__ import annotations

from pathlib import Path

from docai.errors import UsageError
from docai.evaluation.report import Report
from docai.pipeline import read

RECEIPTS_READ = 60  # unless --limit says otherwise; a minute and a half of OCR
OCR_READ = 40


def evaluate(
    what: str,
    data: Path | None,
    limit: int,
    seed: int,
    *,
    from_pixels: bool = False,
    tools: Path | None = None,
) -> Report:
    """Raises UsageError where `data` is needed.

    `from_pixels` and `tools` are for tables: whether the pages are read by OCR as well, and a
    Python with the programs to compare with.
    """
    if what == "speed":
        from docai.evaluation import speed

        return speed.report()
    if what == "model":
        from docai.evaluation import model_speed as model

        return model.report(model.time_models(), model.measure_memory(), model.pages_cost())
    if data is None or not data.is_dir():
        raise UsageError(f"docai evaluate {what} needs --data DIR, a folder of documents")
    if what == "robust":
        from docai.evaluation import robust

        return robust.report(robust.evaluate(data))
    if what == "ocr":
        from docai.evaluation import ocr

        return ocr.report(ocr.evaluate(data, limit=limit or OCR_READ, seed=seed), seed)
    if what == "order":
        from docai.evaluation import reading_order

        return reading_order.evaluate(data)
    if what == "invoice":
        from docai.evaluation import invoice

        return invoice.evaluate(data, read).report()
    if what == "tables":
        return _tables(data, from_pixels, tools)
    if what == "receipt":
        from docai.evaluation import receipt

        return receipt.report(data, read, limit=limit or RECEIPTS_READ, seed=seed)
    from docai.evaluation import form

    return form.evaluate(data).report()


def _tables(data: Path, from_pixels: bool, tools: Path | None) -> Report:
    """ICDAR 2013's documents, or PubTabNet's pictures, whichever the folder holds."""
    from docai.evaluation import table_pictures, tables

    listing = next(data.rglob(table_pictures.LISTING), None)
    if listing is None:
        return tables.evaluate(data, ocr=from_pixels, tools=tools)
    if tools is None:
        raise UsageError("docai evaluate tables measures pictures with --tools PYTHON only")
    return table_pictures.evaluate(listing, tools)
