"""A run of pre-training on a few small pages; also a program, for the tests that kill it."""

import argparse
import io
import random
import tempfile
import time
from pathlib import Path

import torch
from PIL import Image, ImageDraw

from docai.models.config import Attention, Backbone, ModelConfig
from docai.models.model import DocumentModel
from docai.models.tokenizers import from_wordpiece
from docai.training.pretrain import PretrainOptions, pretrain, processes
from docai.training.shards import HELD_OUT, TRAIN, PageSample, Shards, ShardWriter

PAGES = 12
SIDE = 56
SENTENCE = "the invoice total is due on monday please pay the amount to our bank account"
WORDS = SENTENCE.split()
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def sample(seed: int) -> PageSample:
    """Six lines of the same sentence, begun anywhere, a black bar under each."""
    draw = random.Random(seed)
    words, boxes, lines = [], [], []
    image = Image.new("RGB", (SIDE, SIDE), "white")
    pen = ImageDraw.Draw(image)
    for line in range(6):
        start, top = draw.randrange(len(WORDS)), 50 + 150 * line
        for place in range(5):
            left = 50 + 180 * place
            words.append(WORDS[(start + place) % len(WORDS)])
            boxes.append((left, top, left + 160, top + 100))
            lines.append(line)
            corners = [left * SIDE // 1000, top * SIDE // 1000]
            pen.rectangle([*corners, corners[0] + 8, corners[1] + 4], fill="gray")
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG")
    return PageSample("tiny", tuple(words), tuple(boxes), tuple(lines), jpeg.getvalue())


def write_shards(folder: Path) -> None:
    writer = ShardWriter(folder)
    for i in range(PAGES):
        writer.write(sample(i), TRAIN if i < PAGES - 3 else HELD_OUT)


def tokenizer():
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "vocab.txt"
        path.write_text("\n".join([*SPECIALS, *sorted({*WORDS})]), "utf-8")
        return from_wordpiece(path, lowercase=True)


def model() -> DocumentModel:
    torch.manual_seed(0)
    return DocumentModel(
        ModelConfig(
            vocabulary=tokenizer().size,
            width=32,
            layers=2,
            heads=4,
            feed_forward=48,
            positions=64,
            token_types=2,
            coordinates=1001,
            attention=Attention.DISENTANGLED,
            backbone=Backbone.RESNET,
            dropout=0.1,
            attention_dropout=0.0,
            pretraining=True,
        )
    )


def run(pages: Path, folder: Path, *, pause: float = 0.0, **options) -> DocumentModel:
    torch.set_num_threads(1)
    trained = model()
    settings = {"pages": 2, "micro_batches": 2, "precision": "fp32", "max_tokens": 40, **options}
    with processes() as (device, _):
        pretrain(
            trained,
            tokenizer(),
            Shards([pages], TRAIN),
            PretrainOptions(checkpoint_minutes=0.0, **settings),
            folder,
            device=device,
            on_step=lambda step: time.sleep(pause),
        )
    return trained


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("pages", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--micro-batches", type=int, default=2)
    parser.add_argument("--pause", type=float, default=0.0)
    given = parser.parse_args()
    run(
        given.pages,
        given.run,
        pause=given.pause,
        steps=given.steps,
        micro_batches=given.micro_batches,
    )
