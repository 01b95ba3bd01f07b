"""`docai evaluate pretraining`: what the four objectives taught, on pages kept out of training.

The model stands beside the untrained one it started from, on the same masks. Lines are
shuffled for reading order, because tokens in the right order give the answer away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import torch
from torch import Tensor

from docai.errors import UsageError
from docai.evaluation.metrics import Claim, auroc
from docai.evaluation.report import Report, Table
from docai.models import weights
from docai.models.collators import PretrainingBatch, Rates
from docai.models.heads import IGNORE
from docai.models.model import DocumentModel
from docai.training.pretrain import MicroBatches, PretrainOptions, model_to_pretrain
from docai.training.shards import HELD_OUT, Shards
from docai.training.start import image_start, text_start

PAGES = 200
ASKED = Rates(shuffled_pages=1.0)


@dataclass(frozen=True, slots=True)
class Taught:
    """Shares of right answers, 0..1; a random guess has 0.5 of the two areas."""

    name: str
    words: float  # MVLM: the masked piece itself comes first of the whole vocabulary
    order: float  # ROP: the token read next, where lines are shuffled
    patches: float  # RRP: area under the ROC curve, replaced against own
    covered: float  # TIA: area under the ROC curve, covered against not


def evaluate(data: Path, model: Path, *, limit: int = 0, seed: int = 0) -> list[Taught]:
    """The trained model and its start on the held-out pages of `data`."""
    trained = weights.load(model)
    if trained.model.pretraining is None:
        raise UsageError(f"{model} was saved without the heads of pre-training")
    attention = trained.model.config.attention
    fresh = model_to_pretrain(text_start(), image_start(), attention, seed).eval()
    shards = Shards([data], HELD_OUT)
    pages = min(limit or PAGES, len(shards))
    options = PretrainOptions(pages=2, seed=seed)
    stream = MicroBatches(shards, trained.tokenizer, options, fresh.config.patches, ASKED)
    batches = [stream[i] for i in range(pages // options.pages)]
    return [taught("start", fresh, batches), taught(model.name, trained.model, batches)]


@torch.inference_mode()
def taught(name: str, model: DocumentModel, batches: Sequence[PretrainingBatch]) -> Taught:
    words, order, patches, covered = zip(*[_answers(model, b) for b in batches], strict=True)
    return Taught(
        name,
        float(torch.cat(words).float().mean()),
        float(torch.cat(order).float().mean()),
        auroc([pair for pairs in patches for pair in pairs]),
        auroc([pair for pairs in covered for pair in pairs]),
    )


Pairs = list[Claim]


def _answers(model: DocumentModel, batch: PretrainingBatch) -> tuple[Tensor, Tensor, Pairs, Pairs]:
    heads = model.pretraining
    assert heads is not None
    encoded = model.encoder(batch.inputs, with_scores=True)
    masked = batch.words != IGNORE  # (B, T)
    table = model.encoder.embeddings.word.weight
    words = heads.words(encoded.text[masked], table).argmax(-1) == batch.words[masked]
    in_document = batch.following != IGNORE  # (B, T)
    scores = encoded.scores.masked_fill(~in_document[:, None, :], -torch.inf)
    order = scores.argmax(-1)[in_document] == batch.following[in_document]
    patches = _pairs(heads.replaced_patches(encoded.text[:, 0]), batch.replaced)
    asked = batch.covered != IGNORE
    covered = _pairs(heads.covered_tokens(encoded.text)[asked], batch.covered[asked])
    return words, order, patches, covered


def _pairs(scores: Tensor, truth: Tensor) -> Pairs:
    return list(zip(scores.flatten().tolist(), (truth.flatten() > 0).tolist(), strict=True))


def report(results: Sequence[Taught]) -> Report:
    header = ("", "words", "order", "patches (AUROC)", "covered (AUROC)")
    rows = tuple(map(astuple, results))
    note = "of words and of order the share that is right"
    return Report("What pre-training taught", (Table("Held-out pages", header, rows, note),))
