"""How well a form model does on labelled pages, and what its report shows.

segments   the annotated entities are given; label F1 is seqeval's over their words' tags,
           link F1 is over question -> answer pairs with the true labels given, too
lines      the layout code's lines are taken for entities, nothing about segments trained
pieces     the words alone; an entity is right with exactly its words and its label, a pair
           when both of its entities are
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from docai.document import Document, Page, WordRef
from docai.evaluation.metrics import Counts
from docai.evaluation.report import (
    MISSED,
    RIGHT,
    WRONG,
    Drawing,
    Mark,
    Table,
    confusion_table,
    counts_table,
    spread,
)
from docai.evaluation.sequences import micro, span_counts
from docai.evaluation.worst import WORST
from docai.geometry import line_by_line
from docai.image import PageImage
from docai.models.forms import LABELS, NOTHING, Entities, Found, View, find
from docai.models.pieces import Describer
from docai.models.segments import SegmentEnsemble
from docai.tasks.text import key
from docai.training.form import FormPage, label_and_link
from docai.training.labelled import LabelledDocument


@dataclass
class FormScores:
    """Counts over the pages judged so far."""

    labels: dict[str, Counts] = field(default_factory=dict)
    links: Counts = field(default_factory=Counts)
    entities: dict[View, Counts] = field(default_factory=dict)
    pairs: dict[View, Counts] = field(default_factory=dict)
    confusion: list[tuple[str, str]] = field(default_factory=list)
    judged: list[tuple[float, FormPage, Found]] = field(default_factory=list)  # F1 of each page

    def figures(self) -> dict[str, float]:
        """F1 by name, as a fold reports it."""
        rows = {"labels": micro(self.labels).f1, "links": self.links.f1}
        for view in self.entities:
            rows[f"{view}: entities"] = self.entities[view].f1
            rows[f"{view}: pairs"] = self.pairs[view].f1
        return rows

    def add(self, other: FormScores) -> None:
        self.labels = _sum(self.labels, other.labels)
        self.links += other.links
        self.entities = _sum(self.entities, other.entities)
        self.pairs = _sum(self.pairs, other.pairs)
        self.confusion += other.confusion
        self.judged += other.judged

    def tables(self) -> list[Table]:
        names = list(LABELS)
        wholes = {f"{view}: entities": counts for view, counts in self.entities.items()}
        wholes |= {f"{view}: pairs": counts for view, counts in self.pairs.items()}
        return [
            counts_table("Labels, entities given", self.labels),
            confusion_table("Labels, entities given: which for which", self.confusion, names),
            counts_table("Links, entities and labels given", {"question → answer": self.links}),
            *(counts_table(f"From words: {name}", {name: c}) for name, c in wholes.items()),
        ]

    def worst(self) -> list[tuple[float, FormPage, Found]]:
        """The pages with the lowest F1 of entities found from words."""
        return sorted(self.judged, key=lambda row: row[0])[:WORST]

    def worst_names(self) -> list[str]:
        return [page.name for _, page, _ in self.worst()]

    def drawings(self, pictures: Mapping[str, PageImage]) -> list[Drawing]:
        return [
            drawing(page, found, f"{page.name}: entity F1 {f1:.2f}", pictures.get(page.name))
            for f1, page, found in self.worst()
        ]


def _sum(a: dict, b: dict) -> dict:  # type: ignore[type-arg]  # keys are labels or views
    return {key: a.get(key, Counts()) + b.get(key, Counts()) for key in {**a, **b}}


def labels_f1(model: SegmentEnsemble, pages: Sequence[FormPage]) -> float:
    """The score that early stopping looks at: labels and links, entities given."""
    scores = FormScores()
    for page in pages:
        _judge_given(scores, model, page)
    return micro(scores.labels).f1 + scores.links.f1


def judge(
    model: SegmentEnsemble,
    describer: Describer,
    pages: Sequence[FormPage],
    views: Sequence[View] = (View.LINES, View.PIECES),
) -> FormScores:
    scores = FormScores()
    for page in pages:
        _judge_given(scores, model, page)
        for view in views:
            found = find(model, describer, page.page, page.image, view)
            counts = entity_counts(page.entities(), found.entities)
            scores.entities[view] = scores.entities.get(view, Counts()) + counts
            scores.pairs[view] = scores.pairs.get(view, Counts()) + pair_counts(page, found)
            if view is View.PIECES:
                scores.judged.append((counts.f1, page, found))
    return scores


def _judge_given(scores: FormScores, model: SegmentEnsemble, page: FormPage) -> None:
    labels, links = label_and_link(model, page)
    counts = span_counts([_tags(page, page.labels)], [_tags(page, labels)])
    scores.labels = _sum(scores.labels, counts)
    scores.links += Counts(len(links & page.links), len(links), len(page.links))
    scores.confusion += list(zip(map(str, page.labels), map(str, labels), strict=True))


def _tags(page: FormPage, labels: Sequence[str]) -> list[str]:
    """Of the entities' words, one entity after the other."""
    return [
        "O" if label == NOTHING else f"{'I' if i else 'B'}-{label}"
        for label, group in zip(labels, page.groups, strict=True)
        for i in range(len(group))
    ]


def entity_counts(expected: Entities, found: Entities) -> Counts:
    return Counts(len(set(expected) & set(found)), len(found), len(expected))


def pair_counts(page: FormPage, found: Found) -> Counts:
    """Pairs with exactly the right words on both sides."""
    expected = {(frozenset(page.groups[q]), frozenset(page.groups[a])) for q, a in page.links}
    claimed = {(found.entities[q][1], found.entities[a][1]) for q, a, _ in found.links}
    return Counts(len(expected & claimed), len(claimed), len(expected))


def drawing(page: FormPage, found: Found, title: str, picture: PageImage | None) -> Drawing:
    expected, claimed = page.entities(), found.entities
    marks = [
        _mark(page.page, words, RIGHT if (label, words) in expected else WRONG, label)
        for label, words in claimed
    ]
    marks += [
        _mark(page.page, words, MISSED, label)
        for label, words in expected
        if (label, words) not in claimed
    ]
    links = {(frozenset(page.groups[q]), frozenset(page.groups[a])) for q, a in page.links}
    arrows = [
        (
            page.page.box(claimed[q][1]),
            page.page.box(claimed[a][1]),
            RIGHT if (claimed[q][1], claimed[a][1]) in links else WRONG,
        )
        for q, a, _ in found.links
    ]
    return Drawing(title, page.page, tuple(marks), tuple(arrows), picture)


def _mark(page: Page, words: frozenset[int], kind: str, label: str) -> Mark:
    return Mark(page.box(words), kind, f"{label}: {page.text(sorted(words))}")


def folds_table(title: str, folds: Sequence[dict[str, float]]) -> Table:
    """Every figure with its mean and its spread over the folds."""
    header = ("F1", *(f"fold {i + 1}" for i in range(len(folds))), "mean ± sd")
    rows = tuple(
        (name, *(f"{fold[name]:.3f}" for fold in folds), spread([fold[name] for fold in folds]))
        for name in folds[0]
    )
    return Table(title, header, rows)


def expected_pairs(labelled: LabelledDocument) -> set[tuple[str, str]]:
    """Each question with all its answers, as `docai evaluate form` compares them.

    Letters and digits alone; a ticked box has none and is left out.
    """
    document, answers = labelled.document, defaultdict(list)
    entities = labelled.entities or ()
    for link in labelled.links or ():
        answers[link.question].append(entities[link.answer].words)
    pairs = set()
    for question, own in answers.items():
        pages = {words[0].page for words in own}
        value = "".join(_text(document, page, own) for page in sorted(pages))
        if value:
            pairs.add((key(document.text(entities[question].words)), value))
    return pairs


def _text(document: Document, page: int, answers: Sequence[Sequence[WordRef]]) -> str:
    here = [words for words in answers if words[0].page == page]
    on_page = [[ref.word for ref in words if ref.page == page] for words in here]
    boxes = [document.pages[page].box(words) for words in on_page]
    return "".join(key(document.text(here[i])) for i in line_by_line(boxes))
