"""`docai train form|receipt|fields|classify|qa|fewshot`: models of one's own labelled documents."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docai.cli.arguments import add_options, options
from docai.cli.status import DONE
from docai.errors import UsageError

if TYPE_CHECKING:
    from docai.evaluation.report import Drawing, Table
    from docai.training.field_run import FieldScores
    from docai.training.form_scores import FormScores
    from docai.training.labelled import LabelledDocument

log = logging.getLogger("docai")

Given = argparse.Namespace


def declare_form(parser: argparse.ArgumentParser) -> None:
    from docai.training.form_run import FormOptions

    _declare(parser)
    help = "cross-validate instead of making a model: every document is tested once"
    parser.add_argument("--folds", metavar="K", type=int, default=0, help=help)
    help = "a form model to go on from, such as one made of synthetic forms"
    parser.add_argument("--model", metavar="DIR", type=Path, help=help)
    help = (
        "a model of `docai train described`, or docai-small: gets a head for forms or goes on from "
        "its own, that reads what it sees of a page instead of an encoder of the form model's own"
    )
    parser.add_argument("--onto", metavar="DIR", type=Path, help=help)
    add_options(parser, "the model", FormOptions)


def declare_fields(parser: argparse.ArgumentParser) -> None:
    _declare(parser)
    help = "networks whose probabilities are averaged (default: 1)"
    parser.add_argument("--members", metavar="N", type=int, default=1, help=help)


def declare_kinds(parser: argparse.ArgumentParser) -> None:
    _declare(parser)


def declare_answers(parser: argparse.ArgumentParser) -> None:
    from docai.training.answers import AnswerOptions

    _declare(parser, AnswerOptions)
    help = "a pre-trained model of docai to begin with, instead of --start"
    parser.add_argument("--model", metavar="DIR", type=Path, help=help)


def declare_described(parser: argparse.ArgumentParser) -> None:
    from docai.training.described import DescribedOptions

    _declare_data(parser)
    help = "a model of docai that reads, such as one of `docai train qa` (default: docai-small)"
    parser.add_argument("--model", metavar="DIR", type=Path, help=help)
    add_options(parser, "training", DescribedOptions)


def declare_fewshot(parser: argparse.ArgumentParser) -> None:
    help = "a few corrected documents, in any form that docs/training.md names"
    parser.add_argument("--data", metavar="DIR", type=Path, required=True, help=help)
    help = "a model of `docai train receipt` or `fields`"
    parser.add_argument("--model", metavar="DIR", type=Path, required=True, help=help)
    help = "fields described in words (docs/fields.md; default: the fields of the documents)"
    parser.add_argument("--fields", metavar="YAML", type=Path, help=help)
    help = "a folder for the tuned model and what is believed of it"
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, help=help)
    help = "instead: measure with this many documents, such as 1,5,20, drawn three times"
    parser.add_argument("--shots", metavar="N,N", help=help)


def _declare_data(parser: argparse.ArgumentParser) -> None:
    help = "labelled documents, in any form that docs/training.md names; may be given again"
    parser.add_argument(
        "--data", metavar="DIR", type=Path, action="append", required=True, help=help
    )
    help = "a folder for the model, the report and what a stopped run goes on from"
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, required=True, help=help)


def _declare(parser: argparse.ArgumentParser, training: type[Any] | None = None) -> None:
    from docai.training.finetune import FinetuneOptions

    _declare_data(parser)
    help = "a folder with a BERT to start from (default: MiniLM out of its package)"
    parser.add_argument("--start", metavar="DIR", type=Path, help=help)
    add_options(parser, "training", training or FinetuneOptions)


def run_form(given: Given) -> int:
    from docai.models import small
    from docai.models.weights import load, load_segments, save
    from docai.training import form_run
    from docai.training.finetune import FinetuneOptions
    from docai.training.form_scores import FormScores, folds_table
    from docai.training.start import text_start

    wanted = options(form_run.FormOptions, given)
    training = options(FinetuneOptions, given)
    if given.onto:
        if given.model or given.start:
            raise UsageError("--onto says what the network reads: without --model and --start")
        onto = load(small.FOLDER if str(given.onto) == small.NAME else given.onto)
        trainee = form_run.head_of(onto, wanted)
    else:
        begin = load_segments(given.model).model if given.model else None
        trainee = form_run.model_from(text_start(given.start), wanted, begin)
    documents = _documents(given, images=wanted.picture == "yes")
    if not given.folds:
        scores = form_run.train_form(documents, trainee, training, _runs(given))
        about = form_run.card(given.output.name, documents, scores, trainee.card)
        folder = save(trainee.whole, trainee.tokenizer, about, given.output)
        log.info("the model is in %s", folder)
        _report(given, "Forms, held-out part", scores.tables(), _drawn(given, scores))
        return DONE

    def say(number: int, scores: FormScores) -> None:
        figures = ", ".join(f"{name} {f1:.3f}" for name, f1 in scores.figures().items())
        log.info("fold %d of %d: %s", number, given.folds, figures)

    count = _folds(given, len(documents))
    parts = form_run.cross_validate(documents, trainee, training, count, say, _runs(given))
    total = FormScores()
    for part in parts:
        total.add(part)
    table = folds_table(f"{count} folds", [part.figures() for part in parts])
    _report(given, "Forms, cross-validated", [table, *total.tables()], _drawn(given, total))
    return DONE


def run_fields(given: Given) -> int:
    from docai.models.weights import save
    from docai.training import field_run
    from docai.training.finetune import FinetuneOptions

    training = options(FinetuneOptions, given)
    documents = _documents(given)
    model, describer, scores = field_run.train_fields(
        documents,
        given.start,
        training,
        members=given.members,
        folder=_runs(given),
    )
    about = field_run.card(given.output.name, documents, scores)
    log.info("the model is in %s", save(model, describer.tokenizer, about, given.output))
    _report(given, "Fields, held-out part", [scores.table()], _drawn(given, scores))
    return DONE


def run_kinds(given: Given) -> int:
    from docai.models.weights import save
    from docai.training import kinds
    from docai.training.finetune import FinetuneOptions

    training = options(FinetuneOptions, given)
    documents = _documents(given)
    model, describer, scores = kinds.train_kinds(
        documents, given.start, training, folder=_runs(given)
    )
    about = kinds.card(given.output.name, documents, scores)
    log.info("the model is in %s", save(model, describer.tokenizer, about, given.output))
    _report(given, "Document types, held-out part", scores.tables())
    return DONE


def run_answers(given: Given) -> int:
    from docai.models.weights import load, save
    from docai.training import answers

    training = options(answers.AnswerOptions, given)
    documents = _documents(given)
    if training.kept_out == "yes":
        documents = answers.without_kept_out(documents)
    model, tokenizer, scores = answers.train_answers(
        documents, given.start, training, model=given.model, folder=_runs(given)
    )
    begun = load(given.model).card if given.model else None
    about = answers.card(given.output.name, documents, scores, begun)
    log.info("the model is in %s", save(model, tokenizer, about, given.output))
    _report(given, "Answers, held-out part", [scores.table()])
    return DONE


def run_described(given: Given) -> int:
    from docai.models import small
    from docai.models.weights import save
    from docai.training import answers, described

    training = options(described.DescribedOptions, given)
    documents = _documents(given)
    if training.kept_out == "yes":
        documents = answers.without_kept_out(documents)
    loaded, found = described.train_described(
        documents, given.model or small.FOLDER, training, folder=_runs(given)
    )
    about = described.card(loaded, given.output.name, documents, found)
    log.info("found of what held-out pages were asked: %.3f", found)
    log.info("the model is in %s", save(loaded.model, loaded.tokenizer, about, given.output))
    return DONE


def run_fewshot(given: Given) -> int:
    from docai.models.pieces import TowerDescriber
    from docai.models.weights import load_segments
    from docai.tasks import load_fields
    from docai.training import fewshot, fewshot_trial
    from docai.training.field_run import fields_in
    from docai.training.readers import read

    documents = read(given.data)
    if given.fields:
        specs = load_fields(given.fields)
        wanted = tuple(fewshot.Wanted(s.name, s.type, s.description) for s in specs)
    else:
        wanted = fields_in(documents, fewest=1)
    loaded = load_segments(given.model)
    describer = TowerDescriber(loaded.model, loaded.tokenizer)
    if given.shots:
        shots = _numbers(given.shots)
        result = fewshot_trial.trial(loaded.model, describer, documents, wanted, shots)
        print(result.table().text())  # noqa: T201
        return DONE
    if given.output is None:
        raise UsageError("docai train fewshot needs -o DIR for the tuned model, or --shots")
    before = fewshot_trial.described(wanted)
    tuned = fewshot.tune(loaded.model, describer, documents, wanted, before)
    print(tuned.table().text())  # noqa: T201
    for folder in fewshot.save_tuned(tuned, loaded, given.output):
        log.info("a tuned model is in %s", folder)
    return DONE


def _documents(given: Given, *, images: bool = False) -> list[LabelledDocument]:
    from docai.training.readers import read

    return [document for folder in given.data for document in read(folder, images=images)]


def _numbers(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.isdigit() and int(part) for part in parts):
        raise UsageError(f"--shots {text}: give numbers of documents, such as 1,5,20")
    return [int(part) for part in parts]


def _folds(given: Given, documents: int) -> int:
    if not 2 <= given.folds <= documents:
        raise UsageError(f"--folds {given.folds}: {documents} documents take 2 to {documents}")
    return int(given.folds)


def _runs(given: Given) -> Path:
    return Path(given.output) / "runs"


def _drawn(given: Given, scores: FormScores | FieldScores) -> list[Drawing]:
    from docai.training.readers import pictures

    return scores.drawings(pictures(given.data, scores.worst_names()))


def _report(
    given: Given, title: str, tables: Sequence[Table], drawings: Sequence[Drawing] = ()
) -> None:
    """To standard output as text, and into the output folder as HTML."""
    from docai.evaluation.report import Report

    report = Report(title, tuple(tables), tuple(drawings))
    print(report.text(), end="")  # noqa: T201
    given.output.mkdir(parents=True, exist_ok=True)
    path = given.output / "report.html"
    path.write_text(report.html(), "utf-8")
    log.info("the report is in %s", path)


_Declare = Callable[[argparse.ArgumentParser], None]
_Run = Callable[[Given], int]

# What `docai train` adds: name, help, arguments, work.
ACTIONS: tuple[tuple[str, str, _Declare, _Run], ...] = (
    ("form", "questions, answers and links of forms", declare_form, run_form),
    ("receipt", "fields of receipts", declare_fields, run_fields),
    ("fields", "fields of any documents", declare_fields, run_fields),
    ("classify", "document types of your own", declare_kinds, run_kinds),
    ("qa", "answers to questions about pages", declare_answers, run_answers),
    ("described", "fields and kinds asked for in words", declare_described, run_described),
    ("fewshot", "fields from a handful of corrected documents", declare_fewshot, run_fewshot),
)
