"""Training of what a page is asked in words (docai.models.described): fields, forms, kinds.

A field is asked for by a description, its bare name, the wording of its label or a question, as
they come; labels of forms are fields of their own, so that a page can be asked for what nobody
named before. The encoder stays as it is: what it says of a page is worked out once.

Dimensions: B windows, T tokens, D width, K descriptions, N pairs of a window and a description.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from docai.document import WordRef
from docai.errors import UsageError
from docai.models.config import HeadConfig, HeadKind
from docai.models.described import DescribedHead, field_loss
from docai.models.inputs import stack
from docai.models.model import DocumentModel
from docai.models.page_reader import HEAD, texts_to_describe
from docai.models.reader import MOST_ANSWER, NOT_HERE, AnswerWindow, windows_of
from docai.models.tokenizers import WordTokenizer
from docai.models.weights import Card, Loaded, load
from docai.options import option
from docai.results import KeyValue
from docai.tasks import described
from docai.training.asked import pairs_of
from docai.training.finetune import FinetuneOptions, fit
from docai.training.folds import held_out
from docai.training.labelled import LabelledDocument
from docai.training.synth.wording import expanded, label_wordings, vocabulary
from docai.training.terms import terms_of

MOST_ASKED = 24  # of a window at a time
MOST_WINDOWS = 3  # of a document
WAYS = 4  # in which a form's label is asked for
KIND_WEIGHT = 0.3  # of the loss of kinds
PLAIN = 0.5  # how often a field is asked for as docai itself asks
NO_KIND = -100
BARRED = -1e8  # padding
KIND_NAMES = tuple(described.KINDS)
KIND_PROMPTS = tuple(described.prompt(*pair) for pair in described.KINDS.items())

Place = tuple[WordRef, ...]
Wish = tuple[tuple[str, ...], tuple[Place, ...]]  # ways to ask for a field, and all its places


@dataclass(frozen=True, slots=True)
class DescribedOptions(FinetuneOptions):
    """How the head is trained."""

    epochs: int = option(6, "times that every page is seen, at most", at_least=1)
    batch: int = option(8, "windows of a step", at_least=1)
    learning_rate: float = option(3e-4, "highest learning rate")
    warm_up: float = option(0.1, "share of the steps in which the rate rises", at_most=1)
    decay: float = option(0.01, "weight decay")
    held_out: float = option(0.03, "share of the documents that says when to stop", at_most=0.5)
    kept_out: str = option(
        "no", "leave out the fifth that docai-small is fitted and checked by", choices=("no", "yes")
    )


@dataclass(frozen=True, slots=True)
class Ask:
    """Ways to ask for one field, docai's own first, and where its value stands.

    `spans` are pairs of first and last token, all equally right; (NOT_HERE, NOT_HERE) for none.
    """

    texts: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class PageSample:
    """`below` (T, D) is what the encoder's lower layers say of the window; `kind` of KIND_NAMES."""

    window: AnswerWindow
    asks: tuple[Ask, ...]
    kind: int
    below: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """Of all texts that are asked, (K, D), and where each is."""

    number: dict[str, int]
    values: Tensor

    def of(self, texts: Sequence[str]) -> Tensor:
        return self.values[[self.number[text] for text in texts]]


def train_described(
    documents: Sequence[LabelledDocument],
    model: Path,
    options: FinetuneOptions,
    *,
    folder: Path | None = None,
    quiet: bool = False,
) -> tuple[Loaded[DocumentModel], float]:
    """The model with a head that is asked in words, and the share it finds of held-out values.

    Raises UsageError where the documents hold nothing to ask for.
    """
    train, test = held_out(documents, options.held_out, options.seed)
    loaded = load(model)
    network = with_head(loaded.model, options.seed)
    head = cast(DescribedHead, network.task_heads[HEAD])
    read = partial(pages_to_learn, network, head, loaded.tokenizer, quiet=quiet)
    learned, judged = read(train, options.seed), read(test, options.seed)
    if not learned:
        raise UsageError("these documents have no fields, pairs or kinds to learn")
    vectors = vectors_of(network, loaded.tokenizer, [*learned, *judged])
    network.requires_grad_(False)
    head.requires_grad_(True)
    fit(
        head,
        learned,
        partial(pages_loss, head, loaded.tokenizer.pad, vectors),
        options,
        size=lambda sample: len(sample.window.words),
        score=partial(share_found, head, loaded.tokenizer.pad, vectors, judged) if judged else None,
        folder=folder,
        quiet=quiet,
    )
    found = share_found(head, loaded.tokenizer.pad, vectors, judged) if judged else 0.0
    return replace(loaded, model=network.eval()), found


def with_head(model: DocumentModel, seed: int) -> DocumentModel:
    """The same encoder and heads, with a fresh one that is asked in words unless there is one."""
    if HEAD in model.task_heads:
        return model.eval()
    heads = {**model.config.task_heads, HEAD: HeadConfig(HeadKind.DESCRIBED)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = DocumentModel(replace(model.config, task_heads=heads))
    network.load_state_dict(model.state_dict(), strict=False)
    cast(DescribedHead, network.task_heads[HEAD]).begin_with(network.encoder)
    return network.eval()


def pages_to_learn(
    model: DocumentModel,
    head: DescribedHead,
    tokenizer: WordTokenizer,
    documents: Sequence[LabelledDocument],
    seed: int,
    *,
    quiet: bool = False,
) -> list[PageSample]:
    draw = Random(seed)
    found = []
    for one in tqdm(documents, desc="reading", unit="document", disable=True if quiet else None):
        for window, asks, kind in _asked(one, tokenizer, draw):
            inputs = stack([window.window], pad_id=tokenizer.pad)
            with torch.no_grad():
                below = model.encoder(inputs, depth=head.depth).text[0]
            # Half precision is enough: the head's own numbers are of the order of 1.
            found.append(PageSample(window, asks, kind, below.to(torch.float16)))
    return found


def _asked(
    one: LabelledDocument, tokenizer: WordTokenizer, draw: Random
) -> Iterator[tuple[AnswerWindow, tuple[Ask, ...], int]]:
    wanted = [*_fields(one, draw), *_pairs(one, draw)]
    if not wanted and one.kind is None:
        return
    for number, window in enumerate(windows_of(one.document, "", tokenizer)[:MOST_WINDOWS]):
        token_of = _tokens(window)
        spans = [(texts, _spans(places, token_of)) for texts, places in wanted]
        asks = tuple(Ask(texts, own) for texts, own in spans if own)
        kind = KIND_NAMES.index(one.kind) if one.kind and not number else NO_KIND
        if asks or kind != NO_KIND:
            yield window, asks, kind


def _fields(one: LabelledDocument, draw: Random) -> list[Wish]:
    """A field that is not there has no place."""
    places: dict[str, tuple[Place, ...]] = {f.name: (f.evidence,) for f in one.fields or ()}
    places |= {name: tuple(own) for name, own in (one.places or {}).items()}
    names = sorted((places.keys() | one.sought) & described.FIELDS.keys())
    return [(ways_to_ask(n, one.language or "en", draw), places.get(n, ())) for n in names]


def ways_to_ask(name: str, language: str, draw: Random) -> tuple[str, ...]:
    """As docai asks, by the bare name, by a label's wording, by a question."""
    ways = [described.prompt(name, described.FIELDS[name]), described.prompt(name, "")]
    wordings, weights = label_wordings(language, "invoice_total" if name == "total" else name)
    if wordings:
        ways.append(draw.choices(wordings, weights)[0])
    if questions := vocabulary(language)["questions"]["fields"].get(name):
        ways.append(expanded(str(draw.choice(questions)), draw, {}))
    return tuple(ways)


def _pairs(one: LabelledDocument, draw: Random) -> list[Wish]:
    """Labels of a form that are on it once; a label left empty has no place."""
    pairs = [pair for pair in pairs_of(one) if pair.checked is None]
    labels = [_plain(pair) for pair in pairs]
    ways = vocabulary(one.language or "en")["questions"]["pairs"]
    found: list[Wish] = []
    for pair, label in zip(pairs, labels, strict=True):
        if label and labels.count(label) == 1:
            asked = [expanded(str(draw.choice(ways)), draw, {"label": partial(str, label)})]
            found.append(
                ((label, label.lower(), *asked), (pair.value.evidence,) if pair.value else ())
            )
    return found


def _plain(pair: KeyValue) -> str:
    return pair.key.text.rstrip(" :：*.").strip()


def _tokens(window: AnswerWindow) -> dict[WordRef, tuple[int, int]]:
    """The first and last token of every word."""
    found: dict[WordRef, tuple[int, int]] = {}
    for t, ref in enumerate(window.words):
        if ref is not None:
            found[ref] = (found[ref][0] if ref in found else t, t)
    return found


def _spans(
    places: Sequence[Place], token_of: dict[WordRef, tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    """Of the places in this window; empty where the window cuts the value, or it lies apart."""
    spans, cut = [], False
    for place in places:
        own = [token_of[ref] for ref in place if ref in token_of]
        if not own:
            continue
        first, last = min(a for a, _ in own), max(b for _, b in own)
        if len(own) == len(place) and last - first < MOST_ANSWER:
            spans.append((first, last))
        else:
            cut = True
    return tuple(spans) if spans or cut else ((NOT_HERE, NOT_HERE),)


def vectors_of(
    model: DocumentModel, tokenizer: WordTokenizer, samples: Sequence[PageSample]
) -> Vectors:
    texts = {text for sample in samples for ask in sample.asks for text in ask.texts}
    every = [*KIND_PROMPTS, *sorted(texts)]
    with torch.no_grad():
        parts = [
            model.describe(texts_to_describe(every[i : i + 64], tokenizer))
            for i in range(0, len(every), 64)
        ]
    return Vectors({text: i for i, text in enumerate(every)}, torch.cat(parts))


def pages_loss(
    head: DescribedHead, pad: int, vectors: Vectors, samples: Sequence[PageSample]
) -> Tensor:
    """Of what is asked of these windows this time, and of their kinds."""
    page, keep = _seen(head, pad, samples)
    asked, texts = [], []
    for b, sample in enumerate(samples):
        order = torch.randperm(len(sample.asks)).tolist()[:MOST_ASKED]
        for ask in (sample.asks[i] for i in order):
            others = ask.texts[1:] if torch.rand(()) > PLAIN else ()
            texts.append(others[int(torch.randint(len(others), ()))] if others else ask.texts[0])
            asked.append((b, ask.spans))
    loss = page.new_zeros(())
    if asked:
        rows = [b for b, _ in asked]
        scores = _rows(head, page, keep, vectors, rows, texts)
        loss = loss + field_loss(scores, *_truth([spans for _, spans in asked], page.shape[1]))
    kinds = torch.tensor([sample.kind for sample in samples])
    if bool((kinds != NO_KIND).any()):
        scores = head.kinds(page, vectors.of(KIND_PROMPTS)).float()
        loss = loss + KIND_WEIGHT * F.cross_entropy(scores, kinds, ignore_index=NO_KIND)
    return loss


def _seen(
    head: DescribedHead, pad: int, samples: Sequence[PageSample]
) -> tuple[Tensor, Tensor | None]:
    """(B, T, D) and what is no padding, (B, T)."""
    inputs = stack([sample.window.window for sample in samples], pad_id=pad)
    T = inputs.token_ids.shape[1]
    below = torch.stack(
        [F.pad(s.below.float(), (0, 0, 0, T - len(s.below))) for s in samples]
    )  # (B, T, D)
    return head(below, inputs), inputs.keep


def _rows(
    head: DescribedHead,
    page: Tensor,
    keep: Tensor | None,
    vectors: Vectors,
    rows: Sequence[int],
    texts: Sequence[str],
) -> Tensor:
    """(2, N, T): row n is what window rows[n] says to texts[n]."""
    unique = sorted(set(texts))
    columns = [unique.index(text) for text in texts]
    scores: Tensor = head.fields(page, vectors.of(unique))[:, list(rows), columns].float()
    return scores if keep is None else scores.masked_fill(~keep[list(rows)], BARRED)


def _truth(spans: Sequence[tuple[tuple[int, int], ...]], tokens: int) -> tuple[Tensor, Tensor]:
    """(N, T) bool, starts and ends."""
    starts, ends = (torch.zeros(len(spans), tokens, dtype=torch.bool) for _ in range(2))
    for n, places in enumerate(spans):
        starts[n, [first for first, _ in places]] = True
        ends[n, [last for _, last in places]] = True
    return starts, ends


@torch.no_grad()
def share_found(
    head: DescribedHead, pad: int, vectors: Vectors, samples: Sequence[PageSample]
) -> float:
    """Of what is asked as docai asks: start and end both right, or rightly none."""
    right = total = 0
    for sample in samples:
        if not sample.asks:
            continue
        page, keep = _seen(head, pad, [sample])
        texts = [ask.texts[0] for ask in sample.asks]
        starts, ends = _rows(head, page, keep, vectors, [0] * len(texts), texts).argmax(-1)
        for ask, first, last in zip(sample.asks, starts.tolist(), ends.tolist(), strict=True):
            right += (first, last) in ask.spans
            total += 1
    return right / max(1, total)


def card(
    loaded: Loaded[DocumentModel], name: str, documents: Sequence[LabelledDocument], found: float
) -> Card:
    """That of the model it was made from, with what was added."""
    origins = sorted({document.origin for document in documents})
    data = dict(loaded.card.data) | {origin: terms_of(origin) for origin in origins}
    figure = ("fields asked in words, held-out windows: share found", f"{found:.3f}")
    return replace(
        loaded.card,
        name=name,
        data=tuple(data.items()),
        measured=(*loaded.card.measured, figure),
    )
