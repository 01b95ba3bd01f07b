"""How well questions are answered: by rules, by the reader, and by both together.

Questions are the data set's own, or made of its labels. Each is also asked of another document of
the set that does not answer it, if there is one: a confidence that means anything is lower there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from docai.document import Document
from docai.errors import UsageError
from docai.evaluation.answers import FORGIVEN, AnswerScores, alike
from docai.evaluation.metrics import auroc, calibration_error, interval
from docai.evaluation.report import (
    RIGHT,
    WRONG,
    Drawing,
    Mark,
    Report,
    Table,
    between,
    confidence_tables,
)
from docai.results import Answer
from docai.tasks import ask, ask_model
from docai.training.asked import Wordings, elsewhere, questions_about
from docai.training.fields_run import kept_for
from docai.training.folds import Part
from docai.training.labelled import LabelledDocument, Question

TOGETHER = "together"  # as `docai ask` answers: what is too unlikely is not told
WAYS = ("rules", "reader", TOGETHER, "together, always")
MOST = 6  # questions asked of one document
WORST = 6  # documents drawn


@dataclass(frozen=True, slots=True)
class Case:
    """A question, and what each way says of the document it is about, and of another."""

    labelled: LabelledDocument
    question: Question
    here: dict[str, tuple[Answer, ...]]
    elsewhere: dict[str, tuple[Answer, ...]] | None  # None where every document has an answer


@dataclass
class QuestionScores:
    """By data set and way."""

    cases: dict[str, list[Case]] = field(default_factory=dict)

    def table(self) -> Table:
        rows = []
        for origin, cases in self.cases.items():
            for way in WAYS:
                claims = [_claim(case, way) for case in cases if case.here[way]]
                pages = [
                    (_confidence(asked), at_home)
                    for case in cases
                    if case.elsewhere is not None
                    for asked, at_home in ((case.here[way], True), (case.elsewhere[way], False))
                ]
                each = _scores(cases, way)
                whole = sum(each, AnswerScores())
                rows.append(
                    (
                        f"{origin}, {way}",
                        whole.asked,
                        *whole.means(),
                        between(*interval(each, _f1)),
                        between(*interval(each, _anls)),
                        auroc(pages) if pages else None,
                        # The reader's log-odds alone are no probability.
                        calibration_error(claims) if way != "reader" else None,
                    )
                )
        header = (
            "", "questions", "exact match", "F1", "ANLS", "F1, 95 %", "ANLS, 95 %",
            "AUROC of the right page", "ECE",
        )  # fmt: skip
        return Table("Answers", header, tuple(rows))

    def bins(self) -> list[Table]:
        """What the confidences of each data set mean, as `docai ask` says them."""
        return [
            confidence_tables(f"{origin}, questions", claims)[1]
            for origin, cases in self.cases.items()
            if (claims := [_claim(case, TOGETHER) for case in cases if case.here[TOGETHER]])
        ]

    def drawings(self) -> list[Drawing]:
        """Documents with most questions that were answered wrongly."""
        cases = [case for each in self.cases.values() for case in each]
        wrong: dict[int, list[Case]] = {}
        for case in cases:
            if not _claim(case, TOGETHER)[1]:
                wrong.setdefault(id(case.labelled), []).append(case)
        worst = sorted(wrong.values(), key=lambda own: -len(own))[:WORST]
        return [_drawing(own) for own in worst]


def _scores(cases: Sequence[Case], way: str) -> list[AnswerScores]:
    """Document by document."""
    found: dict[int, AnswerScores] = defaultdict(AnswerScores)
    for case in cases:
        said = case.here[way][0].text if case.here[way] else None
        found[id(case.labelled)].add([span.text for span in case.question.answers], said)
    return list(found.values())


def _f1(scores: Sequence[AnswerScores]) -> float:
    return sum(scores, AnswerScores()).means()[1]


def _anls(scores: Sequence[AnswerScores]) -> float:
    return sum(scores, AnswerScores()).means()[2]


def _confidence(answers: Sequence[Answer]) -> float:
    return answers[0].confidence if answers else -100.0


def _claim(case: Case, way: str) -> tuple[float, bool]:
    """Confidence, and whether the answer is near enough to one that is accepted."""
    if not case.here[way]:
        return 0.0, False
    said = case.here[way][0]
    best = max(alike(said.text, truth.text) for truth in case.question.answers)
    return said.confidence, best >= FORGIVEN


def _drawing(cases: Sequence[Case]) -> Drawing:
    document = cases[0].labelled.document
    page = document.pages[0]
    marks, notes = [], []
    for case in cases:
        truth = case.question.answers[0]
        said = case.here[TOGETHER][:1]
        notes.append(f"{case.question.text} {said[0].text if said else 'no answer'} ({truth.text})")
        for kind, evidence in ((RIGHT, truth.evidence), *((WRONG, one.evidence) for one in said)):
            words = [ref.word for ref in evidence if ref.page == 0]
            if words:
                marks.append(Mark(page.box(words), kind, case.question.text))
    title = f"{document.source.filename}: {len(cases)} wrong"
    return Drawing(title, page, tuple(marks), notes=tuple(notes))


def evaluate(
    documents: Sequence[LabelledDocument],
    limit: int,
    seed: int,
    language: str | None = None,
    wordings: Wordings | None = None,
) -> Report:
    """`limit` is the number of documents taken of each data set, 0 for all.

    Of data that the model was trained on only what was kept out is taken. With a language only
    fields are asked for, in that language whatever the documents' own; with wordings only what
    stands beside labels. Raises UsageError where nothing is left to ask.
    """
    scores = QuestionScores()
    for origin, asked in _chosen(documents, limit, seed, language, wordings):
        draw = Random(seed)
        scores.cases[origin] = [
            Case(
                one,
                question,
                _said(one.document, question),
                None if other is None else _said(other.document, question),
            )
            for one in asked
            for question in one.questions or ()
            for other in [elsewhere(question, asked, draw)]
        ]
    if not scores.cases:
        raise UsageError("of documents that the model was not trained on, none is left to ask")
    return Report("Questions", (scores.table(), *scores.bins()), tuple(scores.drawings()))


def _chosen(
    documents: Iterable[LabelledDocument],
    limit: int,
    seed: int,
    language: str | None,
    wordings: Wordings | None,
) -> Iterator[tuple[str, list[LabelledDocument]]]:
    """By data set: documents with answered questions."""
    by_origin: dict[str, list[LabelledDocument]] = {}
    for one in kept_for(documents, Part.CHECKING):
        by_origin.setdefault(one.origin, []).append(one)
    if not by_origin:
        raise UsageError(
            "the model was trained on all of these documents: none is left to check by"
        )
    for origin, own in by_origin.items():
        draw = Random(seed)
        draw.shuffle(own)
        asked = []
        for one in own:
            about = questions_about(one, draw, language, wordings)
            questions = [question for question in about if question.answers]
            if questions:
                some = draw.sample(questions, min(MOST, len(questions)))
                asked.append(replace(one, questions=tuple(some)))
            if len(asked) == limit:
                break
        if asked:
            yield origin, asked


def _said(document: Document, question: Question) -> dict[str, tuple[Answer, ...]]:
    rules = ask.answers(document, question.text)
    known = ask_model.unread(document, question.text)
    found = ask_model.gathered(document, question.text, known)
    read = [Answer(a.text, said.odds, a.evidence) for a, said in found if said.odds is not None]
    return {
        "rules": rules,
        "reader": tuple(sorted(read, key=lambda answer: -answer.confidence)),
        TOGETHER: ask_model.ranked(found),
        "together, always": ask_model.ranked(found, least=0.0),
    }
