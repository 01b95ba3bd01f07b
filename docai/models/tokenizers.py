"""Words in, pieces out, each piece with the word it came from. All of it runs in Rust.

Two schemes, one class:

    SentencePiece   the released checkpoint's: piece id + 1 behind four specials, the mask
                    last, and two separators between a pair
    WordPiece       BERT's, for small English models: one separator between a pair

A document may hold the text "[CLS]": it is read as these five characters, never as the
special token.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from docai.errors import ModelError

CLS, PAD, SEP, UNK, MASK = "[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"
NO_WORD = -1

# In a SentencePiece vocabulary the specials end in a blank. Every blank of a text becomes
# "▁" before pieces are looked up, so no text can spell them.
UNSPELLABLE = " "


@dataclass(frozen=True, slots=True)
class Pieces:
    """Parallel lists. `words` is the index of each piece's word in its own sequence.

    It is NO_WORD for specials. A word that normalisation removes (a lone zero-width space)
    has no piece. `parts` is 0 for the first sequence and 1 for the second of a pair; a
    special belongs to the sequence before it.
    """

    ids: list[int]
    words: list[int]
    parts: list[int]


class WordTokenizer:
    """Safe to share between threads: encoding changes nothing."""

    def __init__(self, rust: Tokenizer) -> None:
        rust.encode_special_tokens = True  # "[CLS]" in a text is text
        self.rust = rust
        self.cls, self.pad, self.sep, self.unk, self.mask = (
            self._special(name) for name in (CLS, PAD, SEP, UNK, MASK)
        )

    def pieces(self, words: Sequence[str]) -> Pieces:
        """Without specials."""
        return self._pieces(words, None, specials=False)

    def single(self, words: Sequence[str]) -> Pieces:
        """[CLS] words [SEP]."""
        return self._pieces(words, None, specials=True)

    def pair(self, first: Sequence[str], second: Sequence[str]) -> Pieces:
        """[CLS] first [SEP] [SEP] second [SEP], or with one separator, as the scheme has it."""
        return self._pieces(first, second, specials=True)

    @property
    def size(self) -> int:
        return self.rust.get_vocab_size()

    @property
    def first_piece(self) -> int:
        """The first id that is no special: random pieces for masking start here."""
        specials = {self.cls, self.pad, self.sep, self.unk, self.mask}
        return next(i for i in range(self.size) if i not in specials)

    def text(self, ids: Sequence[int]) -> list[str]:
        """The pieces as written in the vocabulary, for people to look at."""
        return [(self.rust.id_to_token(i) or UNK).strip(UNSPELLABLE) for i in ids]

    def save(self, path: Path) -> None:
        path.write_text(self.rust.to_str(pretty=False), "utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        """From a tokenizer.json. Raises ModelError."""
        try:
            return cls(Tokenizer.from_str(path.read_text("utf-8")))
        except ModelError:
            raise
        except Exception as error:  # the Rust library raises bare Exception for bad files
            raise ModelError(f"{path.name} is damaged or no tokenizer: {error}") from error

    def _pieces(
        self, first: Sequence[str], second: Sequence[str] | None, *, specials: bool
    ) -> Pieces:
        encoding = self.rust.encode(
            list(first),
            None if second is None else list(second),
            is_pretokenized=True,
            add_special_tokens=specials,
        )
        words = [NO_WORD if word is None else word for word in encoding.word_ids]
        parts: list[int] = []
        for part in encoding.sequence_ids:
            parts.append(part if part is not None else parts[-1] if parts else 0)
        return Pieces(encoding.ids, words, parts)

    def _special(self, name: str) -> int:
        for spelled in (name, name + UNSPELLABLE):
            found = self.rust.token_to_id(spelled)
            if found is not None:
                return found
        raise ModelError(f"the tokenizer has no {name}")


def from_wordpiece(vocabulary: Path, *, lowercase: bool) -> WordTokenizer:
    """From BERT's vocab.txt: one piece a line, the line number is the id."""
    pieces = vocabulary.read_text("utf-8").split("\n")
    ids = {piece: i for i, piece in enumerate(pieces) if piece}
    if absent := [name for name in (CLS, PAD, SEP, UNK, MASK) if name not in ids]:
        raise ModelError(f"{vocabulary.name} has no {absent[0]}")
    rust = Tokenizer(models.WordPiece(ids, unk_token=UNK, max_input_chars_per_word=100))
    rust.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    rust.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    rust.post_processor = _layout(
        {CLS: ids[CLS], SEP: ids[SEP]}, pair=f"{CLS} $A {SEP} $B:1 {SEP}:1"
    )
    return WordTokenizer(rust)


def from_sentencepiece(path: Path) -> WordTokenizer:
    """From a sentencepiece.bpe.model, with the released checkpoint's ids."""
    scheme = read_sentencepiece(path)
    # Ids 0 to 3 are the specials; the file's own first three are its unknown and sentence
    # marks, which they stand in for. So piece i has id i + 1.
    ordinary = scheme.pieces[3:]
    specials = [(name + UNSPELLABLE, 0.0) for name in (CLS, PAD, SEP, UNK)]
    pieces = [*specials, *ordinary, (MASK + UNSPELLABLE, 0.0)]
    unknown = UNK + UNSPELLABLE
    if scheme.unigram:
        rust = Tokenizer(models.Unigram(pieces, unk_id=3, byte_fallback=False))
    else:
        ids = {piece: i for i, (piece, _) in enumerate(pieces)}
        rust = Tokenizer(models.BPE(ids, merges_of(ordinary), unk_token=unknown, fuse_unk=True))
    steps: list[normalizers.Normalizer] = [normalizers.Replace(Regex(" {2,}"), " ")]
    if scheme.normalisation:
        steps.insert(0, normalizers.Precompiled(scheme.normalisation))
    rust.normalizer = normalizers.Sequence([*steps, normalizers.Strip()])
    rust.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    rust.post_processor = _layout({CLS: 0, SEP: 2}, pair=f"{CLS} $A {SEP} {SEP} $B:1 {SEP}:1")
    return WordTokenizer(rust)


def _layout(specials: dict[str, int], *, pair: str) -> processors.TemplateProcessing:
    return processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}", pair=pair, special_tokens=list(specials.items())
    )


def merges_of(pieces: Sequence[tuple[str, float]]) -> list[tuple[str, str]]:
    """BPE's merges in the order of their scores, each piece cut in two known pieces."""
    score = dict(pieces)
    found = [
        (-score[piece], len(piece[:cut]), (piece[:cut], piece[cut:]))
        for piece in score
        for cut in range(1, len(piece))
        if piece[:cut] in score and piece[cut:] in score
    ]
    return [merge for _, _, merge in sorted(found)]


@dataclass(frozen=True, slots=True)
class SentencePieceFile:
    pieces: list[tuple[str, float]]  # text and score, in the order of their ids
    unigram: bool  # else BPE
    normalisation: bytes  # compiled rules, empty for none


ORDINARY, UNKNOWN, CONTROL, USER_DEFINED, UNUSED = 1, 2, 3, 4, 5
UNIGRAM, BPE = 1, 2


def read_sentencepiece(path: Path) -> SentencePieceFile:
    """The parts of sentencepiece_model.proto that matter here. Raises ModelError."""
    pieces: list[tuple[str, float]] = []
    kind, normalisation = UNIGRAM, b""
    try:
        for field, value in _protobuf(path.read_bytes()):
            if field == 1:
                piece = dict(_protobuf(_bytes(value)))
                if piece.get(3, ORDINARY) not in (ORDINARY, UNKNOWN, CONTROL, USER_DEFINED, UNUSED):
                    raise ModelError(f"{path.name} falls back to bytes, which is not supported")
                score = struct.unpack("<f", _bytes(piece.get(2, bytes(4))))[0]
                pieces.append((_bytes(piece[1]).decode("utf-8"), score))
            elif field == 2:
                kind = _number(dict(_protobuf(_bytes(value))).get(3, UNIGRAM))
            elif field == 3:
                normalisation = _bytes(dict(_protobuf(_bytes(value))).get(2, b""))
    except (ValueError, KeyError, IndexError, struct.error) as error:
        raise ModelError(f"{path.name} is damaged or no SentencePiece model: {error}") from error
    if len(pieces) < 4 or kind not in (UNIGRAM, BPE):
        raise ModelError(f"{path.name} is no SentencePiece model of kind unigram or BPE")
    return SentencePieceFile(pieces, kind == UNIGRAM, normalisation)


def _protobuf(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field number and value of each entry of one message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        size = {1: 8, 5: 4}.get(wire)
        if wire == 2:
            size, at = _varint(data, at)
        if size is None or at + size > len(data):
            raise ValueError(f"entry {key >> 3} runs past the end")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
    raise ValueError("a number does not end")


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number where text should be")
    return value


def _number(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("text where a number should be")
    return value
