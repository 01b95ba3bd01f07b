"""The kind of a document without a single example, in two ways.

    Cloze          "this is a [MASK]" before the page's words, read by the MVLM head
                   (Schick and Schütze, arXiv 2001.07676)
    Descriptions   the page's words beside a sentence on each kind, as vectors of a text tower

Dimensions: K kinds, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from docai.batch import files_under
from docai.document import Document
from docai.errors import UsageError
from docai.evaluation.report import Cell, Report, Table
from docai.models.inputs import ModelInput
from docai.models.model import DocumentModel
from docai.models.segments import TextTower
from docai.models.starts import start_from_bert
from docai.models.tokenizers import WordTokenizer
from docai.models.weights import load
from docai.pipeline import reading
from docai.tasks.kinds import classify
from docai.training import readers
from docai.training.shards import PageSample, sample_of
from docai.training.start import text_start
from docai.training.windows import NOWHERE, picture

Scores = dict[str, float]  # by kind; higher is likelier, comparable within one page

PATTERN = (("this", "document", "is", "a"), (".",))  # around the mask
BLANK = PageSample("", (), (), (), b"")
MOST_CASES = 100  # documents of each kind, unless --limit says otherwise
MOST_TOKENS = 256  # of a page's beginning, which says what it is

# The word that stands for a kind; each is one piece of BERT's English vocabulary.
WORDS = {
    "invoice": "bill",  # "invoice" is three pieces
    "receipt": "receipt",
    "form": "form",
    "letter": "letter",
    "report": "report",
    "scientific paper": "paper",
    "table": "table",
}
DESCRIPTIONS = {
    "invoice": "an invoice: a bill with number, date, customer, items, tax and the amount to pay",
    "receipt": "a receipt of a shop or restaurant: items bought, prices, total, cash or card",
    "form": "a form to fill in: labels with blank fields, boxes to tick, a signature",
    "letter": "a letter: an address, a date, a greeting, paragraphs, yours sincerely",
    "report": "a report or manual: headings, paragraphs of prose, chapters and sections",
    "scientific paper": "a scientific paper: title, authors, abstract, sections, references",
    "table": "a table: rows and columns of figures with a header",
}


@dataclass(frozen=True, eq=False)
class Cloze:
    """`model` has the heads of pre-training. Raises ValueError where it has none."""

    model: DocumentModel
    tokenizer: WordTokenizer
    words: Mapping[str, str]

    @torch.inference_mode()
    def scores(self, page: PageSample) -> Scores:
        """Log-probabilities of the kinds' words, less what a page without words gives them.

        Without that the commonest word wins (Zhao et al., arXiv 2102.09690).
        """
        found = self._log_probabilities(page) - self._blank
        return dict(zip(self.words, found.tolist(), strict=True))

    @cached_property
    def _blank(self) -> Tensor:
        return self._log_probabilities(BLANK)

    def _log_probabilities(self, page: PageSample) -> Tensor:
        """(K,)."""
        heads = self.model.pretraining
        if heads is None:
            raise ValueError("the model was built without the heads of pre-training")
        tokenizer = self.tokenizer
        before, after = (tokenizer.pieces(part).ids for part in PATTERN)
        pieces = tokenizer.pieces(page.words)
        ids = [tokenizer.cls, *before, tokenizer.mask, *after, *pieces.ids[:MOST_TOKENS]]
        boxes = [NOWHERE] * (len(ids) - len(pieces.ids[:MOST_TOKENS]))
        boxes += [page.boxes[word] for word in pieces.words[:MOST_TOKENS]]
        inputs = ModelInput(
            torch.tensor([[*ids, tokenizer.sep]]),
            torch.tensor([[*boxes, NOWHERE]]),
            picture(page.picture)[None] if page.picture else None,
        )
        encoder = self.model.encoder
        at_mask = encoder(inputs).text[0, 1 + len(before)]  # (D,)
        scores = heads.words(at_mask, encoder.embeddings.word.weight)
        return F.log_softmax(scores, -1)[self._ids()]

    def _ids(self) -> list[int]:
        ids = [self.tokenizer.pieces([word]).ids for word in self.words.values()]
        if any(len(pieces) != 1 for pieces in ids):
            raise ValueError("a kind's word must be a single piece of the vocabulary")
        return [pieces[0] for pieces in ids]


@dataclass(frozen=True, eq=False)
class Descriptions:
    """`tower` gives sentences vectors that lie near where they mean the same."""

    tower: TextTower
    tokenizer: WordTokenizer
    texts: Mapping[str, str]

    @torch.inference_mode()
    def scores(self, page: PageSample) -> Scores:
        """Cosines, -1..1."""
        own = self._vector(page.words)
        return {
            kind: float(F.cosine_similarity(own, described, 0))
            for kind, described in self._described.items()
        }

    @cached_property
    def _described(self) -> dict[str, Tensor]:
        return {kind: self._vector(text.split()) for kind, text in self.texts.items()}

    def _vector(self, words: Sequence[str]) -> Tensor:
        """(D,), the mean over the tokens of the beginning."""
        t = self.tokenizer
        ids = torch.tensor([[t.cls, *t.pieces(words).ids[:MOST_TOKENS], t.sep]])
        last: Tensor = self.tower(ids, torch.ones_like(ids, dtype=torch.bool))[1]  # (1, T, D)
        return last[0].mean(0)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A document of a known kind, and its first page as the models see it."""

    kind: str
    document: Document
    page: PageSample


def evaluate(data: Path, weights: Path, *, limit: int = 0) -> Report:
    """Accuracy on the folders of `data`, each named by a kind: labelled sets, or files to read.

    At most `limit` documents of each folder, evenly. Raises UsageError.
    """
    known = [
        folder
        for folder in sorted(data.iterdir())
        if folder.name in WORDS and any(folder.iterdir())
    ]
    if not known:
        raise UsageError(f"{data} has no folder named by a kind: {', '.join(WORDS)}")
    loaded = load(weights)
    start = text_start()
    tower = TextTower(start.config)
    start_from_bert(tower, start.state)
    judges: dict[str, Callable[[Case], str]] = {
        "cloze": _judge(Cloze(loaded.model, loaded.tokenizer, WORDS)),
        "descriptions": _judge(Descriptions(tower.eval(), start.tokenizer, DESCRIPTIONS)),
        "rules of `docai classify`": _by_rules,
    }
    cases = [list(_cases(folder, limit or MOST_CASES)) for folder in known]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (name, *(sum(judge(case) == case.kind for case in own) / len(own) for own in cases))
        for name, judge in judges.items()
    )
    header = (
        "",
        *(f"{folder.name} ({len(own)})" for folder, own in zip(known, cases, strict=True)),
    )
    note = "accuracy by kind, with the number of documents"
    return Report("Kinds without examples", (Table("Accuracy", header, rows, note),))


def _judge(way: Cloze | Descriptions) -> Callable[[Case], str]:
    def judge(case: Case) -> str:
        scores = way.scores(case.page)
        return max(scores, key=scores.__getitem__)

    return judge


def _by_rules(case: Case) -> str:
    label = classify(case.document)
    return label.name if label else "other"


def _cases(folder: Path, limit: int) -> Iterator[Case]:
    try:
        labelled = readers.read(folder, images=True)
    except UsageError:  # no labelled set: files
        paths = files_under([folder], outside=folder / "none")
        for path in paths[:: max(1, len(paths) // limit)][:limit]:
            with reading(path) as opened:
                document = opened.document()
                page = document.pages[0]
                sample = sample_of(page, opened.image(page, dpi=72), folder.name)
                yield Case(folder.name, document, sample)
        return
    for one in labelled[:: max(1, len(labelled) // limit)][:limit]:
        page = one.document.pages[0]
        yield Case(folder.name, one.document, sample_of(page, one.images[0], one.origin))
