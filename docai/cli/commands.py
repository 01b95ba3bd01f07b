"""Every subcommand: what it takes and what it does. Heavy rooms are entered only when asked."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docai.cli import jobs, models, service, synth, train, up
from docai.cli.arguments import (
    add_files,
    add_names,
    add_output,
    add_reading,
    each_file,
    options,
    read,
    reading,
)
from docai.cli.output import Output
from docai.cli.status import DONE, NOTHING_READ, SOME_FAILED
from docai.errors import UsageError

if TYPE_CHECKING:
    from docai.batch import Outcome
    from docai.evaluation.report import Report
    from docai.pipeline import Reading

log = logging.getLogger("docai")

Given = argparse.Namespace

EVALUATIONS = (
    "invoice",
    "receipt",
    "form",
    "ocr",
    "order",
    "robust",
    "speed",
    "pretraining",
    "zeroshot",
    "tables",
    "questions",
    "fields",
    "kinds",
)


@dataclass(frozen=True, slots=True)
class Command:
    """`declare` adds the arguments, `run` does the work and returns the exit status."""

    help: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Given], int]


def _declare_read(parser: argparse.ArgumentParser) -> None:
    add_files(parser)
    formats = ("json", "md", "html", "txt", "pdf")
    help = "pdf is a searchable one (default: json)"
    parser.add_argument("--format", choices=formats, default="json", help=help)
    add_reading(parser)


def _run_read(given: Given) -> int:
    def write(path: str, output: Output) -> None:
        with reading(path, given) as document:
            if given.format == "pdf":
                output.bytes(path, [document.searchable_pdf()])
            else:
                output.text(path, _read_as(given.format, document))

    return each_file(given, given.format, write)


def _read_as(format: str, document: Reading) -> Iterable[str]:
    from docai import export, serialize

    pages = document.pages()
    if format == "md":
        return export.to_markdown(pages, document.page_count)
    if format == "html":
        return export.to_html(pages, document.page_count, document.source.filename)
    if format == "txt":
        return export.to_text(pages, document.page_count)
    return serialize.stream_document(document.source, pages, document.caveats)


def _declare_extract(parser: argparse.ArgumentParser) -> None:
    add_files(parser)
    parser.add_argument("--task", help="auto, invoice, receipt, form or table (default: auto)")
    help = "your own fields, described in words (docs/fields.md)"
    parser.add_argument("--fields", type=Path, metavar="YAML", help=help)
    parser.add_argument("--format", choices=("json", "csv", "xlsx"), default="json")
    help = "keep words, lines and blocks in the JSON"
    parser.add_argument("--with-words", action="store_true", help=help)
    add_names(parser)
    add_reading(parser)


def _run_extract(given: Given) -> int:
    from docai import export, serialize, tasks
    from docai.names import renamed

    if given.task and given.fields:
        raise UsageError("give --task or --fields, not both")
    if given.fields:
        task = tasks.custom(tasks.load_fields(given.fields))
    else:
        task = tasks.task(given.task or "auto")

    def write(path: str, output: Output) -> None:
        document = read(path, given)
        extraction = renamed(task.extract(document), given.names)
        if given.format == "csv" and extraction.task == "table":
            header = export.table_header(document)
            output.text(path, export.to_csv(header, export.table_rows(document)))
        elif given.format == "csv":
            rows = export.field_rows(extraction, document)
            output.text(path, export.to_csv(export.FIELD_COLUMNS, rows))
        elif given.format == "xlsx":
            output.bytes(path, [export.workbook(extraction, document)])
        else:
            words = given.with_words
            value = serialize.extraction_to_json(extraction, document, with_words=words)
            output.json(path, value)

    return each_file(given, given.format, write)


def _declare_ask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a document; - is standard input")
    parser.add_argument("questions", metavar="QUESTION", nargs="+")
    parser.add_argument("--format", choices=("txt", "json"), default="txt")
    parser.add_argument("--top", type=int, default=1, help="answers to each question (default: 1)")
    add_output(parser)
    add_reading(parser)


def _run_ask(given: Given) -> int:
    from docai import serialize, tasks

    if given.top < 1:
        raise UsageError("--top must be at least 1")

    def write(path: str, output: Output) -> None:
        document = read(path, given)
        found = [(q, tasks.answer(document, q, top=given.top)) for q in given.questions]
        if given.format == "json":
            output.json(path, serialize.answers_to_json(document, tasks.model_of(), found))
            return
        for question, answers in found:
            lines = [f"{question}\n"] if len(found) > 1 else []
            for answer in answers:
                page = document.pages[answer.evidence[0].page].number
                lines.append(f"{answer.text}  ({answer.confidence:.0%}, page {page})\n")
            output.text(path, lines if answers else [*lines, "no answer found\n"])

    given.files = [given.file]
    return each_file(given, given.format, write)


def _declare_classify(parser: argparse.ArgumentParser) -> None:
    add_files(parser)
    add_reading(parser)


def _run_classify(given: Given) -> int:
    from docai import serialize, tasks

    def write(path: str, output: Output) -> None:
        document = read(path, given)
        label = tasks.classify(document)
        output.json(path, serialize.classification_to_json(document, tasks.model_of(), label))

    return each_file(given, "json", write)


def _declare_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE")
    help = "the picture (default: NAME-PAGE.png in this folder)"
    parser.add_argument("-o", "--output", type=Path, metavar="PNG", help=help)
    parser.add_argument("--page", type=int, default=1, help="page number, from 1 (default: 1)")
    help = "pixels per inch of the picture (default: 144)"
    parser.add_argument("--picture-dpi", type=float, default=144.0, help=help)
    parser.add_argument("--task", help="also draw the evidence of this task's fields")
    help = "words, lines, blocks, order, tables, rules; separated by commas"
    parser.add_argument("--layers", default="blocks,order,tables", help=help)
    add_reading(parser)


def _run_show(given: Given) -> int:
    from docai.annotate import annotated_page

    layers = given.layers.split(",") if given.layers else []
    with reading(given.file, given) as document:
        picture = annotated_page(
            document, given.page, layers=layers, task=given.task, dpi=given.picture_dpi
        )
    target = given.output or Path(f"{Path(given.file).stem}-{given.page}.png")
    picture.save(target, format="PNG")
    log.info("drew page %d of %s into %s", given.page, given.file, target)
    return DONE


def _declare_batch(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="files and folders")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the results")
    parser.add_argument("--task", default="auto", help="as in `docai extract` (default: auto)")
    cores = os.cpu_count() or 1
    parser.add_argument("--workers", type=int, default=cores, help="processes (default: all cores)")
    parser.add_argument("--retry-failed", action="store_true", help="try failed files again")
    add_names(parser)
    add_reading(parser)


def _run_batch(given: Given) -> int:
    from tqdm import tqdm

    from docai import batch, tasks
    from docai.ingest.limits import Limits
    from docai.pipeline import ReadOptions

    tasks.task(given.task)  # an unknown one is an error now, not in every worker
    paths = batch.files_under(given.paths, outside=given.output)
    if not paths:
        raise UsageError(f"there are no files in {', '.join(map(str, given.paths))}")
    job = batch.Job(given.task, options(ReadOptions, given), options(Limits, given), given.names)
    # disable=None: drawn only where standard error is a terminal
    with tqdm(unit="file", disable=True if given.quiet else None, file=sys.stderr) as bar:

        def finished(outcome: Outcome) -> None:
            bar.update()
            if outcome.error:
                bar.clear()
                log.warning("%s (%s)", outcome.error["message"], outcome.error["code"])
            for page in outcome.missing:
                log.warning("%s, %s", outcome.path, page)

        summary = batch.run(
            paths,
            given.output,
            job,
            workers=max(1, given.workers),
            retry_failed=given.retry_failed,
            on_start=lambda pending: bar.reset(total=pending),
            on_outcome=finished,
        )
    counts = (summary.done, summary.failed, summary.skipped)
    log.info("%d done, %d failed, %d were finished before", *counts)
    log.info("the table is %s", given.output / "results.csv")
    failed = summary.failed + summary.failed_before
    if not failed:
        return DONE
    return SOME_FAILED if failed < len(paths) else NOTHING_READ


def _declare_doctor(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def _run_doctor(given: Given) -> int:
    from docai import doctor, serialize

    report = doctor.examine(os.environ)
    if given.json:
        print(serialize.dumps(report, indent=2))  # noqa: T201
    else:
        print(doctor.as_text(report))  # noqa: T201
    return DONE


def _declare_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=EVALUATIONS)
    help = "labelled documents; questions, fields and kinds take it several times"
    parser.add_argument("--data", type=Path, metavar="DIR", action="append", default=[], help=help)
    help = "speed: of the model instead of reading"
    parser.add_argument("--model", action="store_true", help=help)
    parser.add_argument("--limit", type=int, default=0, help="documents to take (default: all)")
    help = "pretraining, zeroshot: the folder of the model to measure"
    parser.add_argument("--weights", type=Path, metavar="DIR", help=help)
    help = "seed of the sample that --limit takes (default: 0)"
    parser.add_argument("--seed", type=int, default=0, help=help)
    help = "questions: about fields alone, in this language whatever the document's own"
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--asked-in", choices=("en", "de", "fr", "es", "zh"), help=help)
    help = "questions: about labels alone, in the wordings of a file (docs/training.md)"
    asked.add_argument("--wordings", type=Path, metavar="JSON", help=help)
    help = "tables: read the pages' pictures at 200 dpi, too"
    parser.add_argument("--ocr", action="store_true", help=help)
    help = "tables: a Python that has the programs to compare with (docs/tables.md)"
    parser.add_argument("--tools", type=Path, metavar="PYTHON", help=help)
    help = "html has the worst documents drawn (default: txt)"
    parser.add_argument("--format", choices=("txt", "json", "html"), default="txt", help=help)
    add_output(parser)


def _run_evaluate(given: Given) -> int:
    with Output(given.output, given.format, several=False).opened() as output:
        report = _evaluated(given)
        if given.format == "json":
            output.json(given.what, report.json())
        else:
            output.text(given.what, [report.html() if given.format == "html" else report.text()])
    return DONE


SEVERAL = ("questions", "fields", "kinds")  # what is measured on several data sets at once


def _evaluated(given: Given) -> Report:
    if len(given.data) > 1 and given.what not in SEVERAL:
        raise UsageError(f"docai evaluate {given.what} takes one --data at a time")
    data = next(iter(given.data), None)
    if given.what == "pretraining":
        from docai.training import taught

        if data is None or given.weights is None:
            raise UsageError("docai evaluate pretraining needs --data SHARDS and --weights DIR")
        results = taught.evaluate(data, given.weights, limit=given.limit, seed=given.seed)
        return taught.report(results)
    if given.what == "zeroshot":
        from docai.training import zeroshot

        if data is None or given.weights is None:
            raise UsageError("docai evaluate zeroshot needs --data DIR and --weights DIR")
        return zeroshot.evaluate(data, given.weights, limit=given.limit)
    if given.what in SEVERAL:
        from docai.training import asked, fields_run, kinds_run, questions_run, readers

        if data is None:
            raise UsageError(f"docai evaluate {given.what} needs --data DIR, labelled documents")
        documents = [one for folder in given.data for one in readers.read(folder)]
        if given.what == "fields":
            return fields_run.evaluate(documents, given.limit, given.seed)
        if given.what == "kinds":
            return kinds_run.evaluate(documents, given.limit, given.seed)
        wordings = asked.read_wordings(given.wordings) if given.wordings else None
        return questions_run.evaluate(documents, given.limit, given.seed, given.asked_in, wordings)
    from docai.evaluation import commands

    what = "model" if given.what == "speed" and given.model else given.what
    return commands.evaluate(
        what, data, given.limit, given.seed, from_pixels=given.ocr, tools=given.tools
    )


COMMANDS = {
    "read": Command("Words, blocks, reading order and tables", _declare_read, _run_read),
    "extract": Command("Fields, items and key–value pairs", _declare_extract, _run_extract),
    "ask": Command("Answers with evidence, or none", _declare_ask, _run_ask),
    "classify": Command("The document's type", _declare_classify, _run_classify),
    "show": Command("A page with boxes, order, tables and evidence", _declare_show, _run_show),
    "batch": Command("Many files in several processes, resumable", _declare_batch, _run_batch),
    "evaluate": Command("Quality and speed, measured", _declare_evaluate, _run_evaluate),
    "synth": Command("Labelled synthetic documents", synth.declare, synth.run),
    "models": Command("Models: list, import, fetch", models.declare, models.run),
    "train": Command("Models of your own: pages, pre-training", train.declare, train.run),
    "up": Command("API and workers on this machine", up.declare, up.run),
    "jobs": Command("Bulk jobs of the service", jobs.declare, jobs.run),
    "keys": Command("Keys of the service's API", service.declare_keys, service.run_keys),
    "migrate": Command(
        "The service's tables, made or changed", service.declare_migrate, service.run_migrate
    ),
    "doctor": Command("What is installed, and what is missing", _declare_doctor, _run_doctor),
}
