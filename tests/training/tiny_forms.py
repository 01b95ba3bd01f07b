"""Small labelled forms and a small encoder, made on the spot."""

import json
import random

import torch

from docai.models.forms import LABELS
from docai.models.pieces import TowerDescriber
from docai.models.segments import SegmentConfig, SegmentModel
from docai.models.tokenizers import from_wordpiece

torch.set_num_threads(1)  # tiny matrices: a second thread costs more than it brings

WORDS = "name date total number street city of invoice form smith jones berlin 12 47 99"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ":", *WORDS.split(), *LETTERS]
PIECES += [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123456789"]


def small_tokenizer(folder):
    path = folder / "vocab.txt"
    path.write_text("\n".join(PIECES), "utf-8")
    return from_wordpiece(path, lowercase=True)


def small_config(**changes):
    values = {
        "labels": LABELS, "value": "answer", "name": "question",
        "width": 32, "layers": 2, "heads": 2, "dropout": 0.0,
        "vocabulary": len(PIECES), "text_width": 16, "text_layers": 1, "text_heads": 2,
        "text_feed_forward": 24, "text_positions": 512,
    }  # fmt: skip
    return SegmentConfig(**{**values, **changes})


def small_describer(folder, **changes):
    torch.manual_seed(0)
    model = SegmentModel(small_config(**changes)).eval()
    return TowerDescriber(model, small_tokenizer(folder))


def write_start(folder):
    """A BERT as `--start` takes it."""
    from safetensors.torch import save_file

    from docai.models.config import ModelConfig
    from docai.models.segments import TextTower

    torch.manual_seed(1)
    folder.mkdir(exist_ok=True)
    small_tokenizer(folder)
    shape = {
        "vocab_size": len(PIECES), "hidden_size": 16, "num_hidden_layers": 1,
        "num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 512,
        "type_vocab_size": 2, "layer_norm_eps": 1e-12,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(shape))
    text = small_config().text
    assert isinstance(text, ModelConfig)
    tower = TextTower(text)
    state = {
        "embeddings.word_embeddings.weight": tower.embeddings.word.weight,
        "embeddings.position_embeddings.weight": tower.embeddings.position.weight,
        "embeddings.token_type_embeddings.weight": tower.embeddings.token_type.weight,
        "embeddings.LayerNorm.weight": tower.embeddings.norm.weight,
        "embeddings.LayerNorm.bias": tower.embeddings.norm.bias,
    }
    layer = dict(tower.layers[0].named_modules())
    joint = layer["attention.query_key_value"]
    for part, weight, bias in zip(
        ("query", "key", "value"), joint.weight.chunk(3), joint.bias.chunk(3), strict=True
    ):
        state[f"encoder.layer.0.attention.self.{part}.weight"] = weight
        state[f"encoder.layer.0.attention.self.{part}.bias"] = bias
    for ours, theirs in (
        ("attention.out", "attention.output.dense"),
        ("attention_norm", "attention.output.LayerNorm"),
        ("widen", "intermediate.dense"),
        ("narrow", "output.dense"),
        ("norm", "output.LayerNorm"),
    ):
        for kind in ("weight", "bias"):
            state[f"encoder.layer.0.{theirs}.{kind}"] = getattr(layer[ours], kind)
    save_file(
        {name: t.detach().clone().contiguous() for name, t in state.items()},
        folder / "model.safetensors",
    )
    return folder


def write_funsd(folder, count=6, seed=0):
    """Forms of rows: a question with a colon on the left, its answer on the right of it."""
    draw = random.Random(seed)
    annotations = folder / "annotations"
    annotations.mkdir(parents=True)
    for number in range(count):
        entities = [_entity(0, "header", ["INVOICE", "FORM"], 300, 40)]
        for row in range(draw.randint(3, 5)):
            top = 100 + 40 * row
            question = [draw.choice(("name", "date", "total", "number")).upper(), ":"]
            answer = draw.sample(["smith", "jones", "berlin", "12", "47"], 2)
            ids = len(entities), len(entities) + 1
            entities.append(_entity(ids[0], "question", question, 60, top, [ids]))
            entities.append(_entity(ids[1], "answer", answer, 260, top, [ids]))
        (annotations / f"form-{number}.json").write_text(json.dumps({"form": entities}))
    return folder


def _entity(number, label, words, left, top, linking=()):
    boxes = []
    for word in words:
        boxes.append([left, top, left + 10 * len(word), top + 14])
        left += 10 * len(word) + 6
    return {
        "id": number,
        "label": label,
        "text": " ".join(words),
        "words": [{"text": w, "box": b} for w, b in zip(words, boxes, strict=True)],
        "box": [boxes[0][0], top, boxes[-1][2], top + 14],
        "linking": [list(pair) for pair in linking],
    }
