"""`make demo`: reads the sample documents and shows what came out of them.

Leaves in out/ the JSON of every document, one CSV of all fields, and one annotated page.
"""

from __future__ import annotations

from pathlib import Path

from docai import export, serialize, tasks
from docai.annotate import annotated_page
from docai.document import Document
from docai.pipeline import reading
from docai.results import Extraction

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = (("invoice.pdf", "invoice"), ("receipt.jpg", "receipt"), ("form.jpg", "form"))
QUESTION = "When is the invoice due?"
SHOWN = 46  # characters of a value in the table


def main() -> None:
    output = ROOT / "out"
    output.mkdir(exist_ok=True)
    rows: list[list[export.Cell]] = []
    for name, task in SAMPLES:
        with reading(ROOT / "samples" / name) as opened:
            document = opened.document()
            extraction = tasks.task(task).extract(document)
            value = serialize.extraction_to_json(extraction, document)
            json_file = output / f"{Path(name).stem}.json"
            json_file.write_text(serialize.dumps(value, indent=2), "utf-8")
            rows += export.field_rows(extraction, document)
            show(extraction, document)
            if name == "invoice.pdf":
                ask(document)
                layers = ["tables"]
                picture = annotated_page(opened, 1, layers=layers, task=task, dpi=144)
                picture.save(output / "invoice.png")
    table = "".join(export.to_csv(export.FIELD_COLUMNS, rows))
    (output / "fields.csv").write_text(table, "utf-8", newline="")
    print("\nLeft in out/: invoice.json, receipt.json, form.json, fields.csv, invoice.png")


def show(extraction: Extraction, document: Document) -> None:
    source = document.pages[0].text_source.value
    print(f"\n{document.source.filename}  ({extraction.task}, {source} text)")
    for field in extraction.fields:
        print(f"  {field.name:<18} {_short(field.text):<{SHOWN}} {field.confidence:5.0%}")
    for pair in extraction.key_values:
        value = pair.value.text if pair.value else "-"
        print(f"  {_short(pair.key.text, 18):<18} {_short(value):<{SHOWN}} {pair.confidence:5.0%}")
    if extraction.items:
        print(f"  {len(extraction.items)} items, the first: {_item(extraction)}")
    if extraction.checks:
        passed = sum(check.passed for check in extraction.checks)
        print(f"  {passed} of {len(extraction.checks)} checks passed")


def ask(document: Document) -> None:
    print(f"\n  Q: {QUESTION}")
    for answer in tasks.answer(document, QUESTION):
        page = document.pages[answer.evidence[0].page].number
        print(f"  A: {answer.text}  ({answer.confidence:.0%}, page {page})")


def _item(extraction: Extraction) -> str:
    return ", ".join(f"{field.name} {field.text}" for field in extraction.items[0].fields)


def _short(text: str, length: int = SHOWN) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


if __name__ == "__main__":
    main()
