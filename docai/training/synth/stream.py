"""Endless streams of documents, each a function of kind, language, seed and its number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from random import Random

from docai.errors import UsageError
from docai.training.labelled import LabelledDocument
from docai.training.synth import form, invoice, letter, other, receipt, report, tables
from docai.training.synth.pages import Plan, placed
from docai.training.synth.questions import questions_for
from docai.training.synth.regions import LANGUAGES
from docai.training.synth.truth import Sought, labelled
from docai.training.synth.typeset import Sheet
from docai.training.synth.writer import Writer

NOTHING = Sought()


@dataclass(frozen=True, slots=True)
class Grammar:
    """How a kind is written, what it is asked for, and what the tasks call it."""

    write: Callable[[Writer], Plan]
    label: str
    sought: Sought = NOTHING
    typewriter: float = 0.1  # how often a fixed pitch is used


GRAMMARS = {
    "invoice": Grammar(invoice.invoice, "invoice", invoice.SOUGHT),
    "receipt": Grammar(receipt.receipt, "receipt", receipt.SOUGHT, typewriter=0.5),
    "form": Grammar(form.form, "form", typewriter=0.2),
    "letter": Grammar(letter.letter, "letter"),
    "report": Grammar(report.report, "report", typewriter=0.04),
    "paper": Grammar(report.paper, "scientific paper", typewriter=0.0),
    "table": Grammar(tables.table, "table"),
    "other": Grammar(other.other, "other", typewriter=0.05),
}
KINDS = tuple(GRAMMARS)


@dataclass(frozen=True, slots=True)
class Draft:
    """A document before it is written to a file: its placed sheets and what is true of it."""

    name: str
    sheets: tuple[Sheet, ...]
    labelled: LabelledDocument


def draft(
    kind: str, language: str, seed: int, number: int, *, sentences: Sequence[str] = ()
) -> Draft:
    """The document of this number; it does not depend on those before it."""
    if kind not in GRAMMARS:
        raise UsageError(f"kind {kind!r}: choose one of {', '.join(KINDS)}")
    if language not in LANGUAGES:
        raise UsageError(f"language {language!r}: choose one of {', '.join(LANGUAGES)}")
    grammar = GRAMMARS[kind]
    name = f"{kind}-{language}-{seed}-{number:06}"
    random = Random(name)
    writer = Writer(language, random, typewriter=grammar.typewriter, sentences=sentences)
    sheets = tuple(placed(grammar.write(writer)))
    truth = labelled(sheets, f"{name}.pdf", grammar.label, language, grammar.sought)
    truth = replace(truth, questions=questions_for(truth, grammar.sought.names, random))
    return Draft(name, sheets, truth)


def drafts(
    kind: str, language: str, seed: int = 0, *, start: int = 0, sentences: Sequence[str] = ()
) -> Iterator[Draft]:
    """Endless; `start` skips documents without making them."""
    for number in count(start):
        yield draft(kind, language, seed, number, sentences=sentences)


def documents(
    kind: str, language: str, seed: int = 0, *, start: int = 0, sentences: Sequence[str] = ()
) -> Iterator[LabelledDocument]:
    """Endless, without rendering anything: words, boxes and labels."""
    for one in drafts(kind, language, seed, start=start, sentences=sentences):
        yield one.labelled
