import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docai.errors import ModelError
from docai.models.tokenizers import (
    NO_WORD,
    WordTokenizer,
    from_sentencepiece,
    from_wordpiece,
    read_sentencepiece,
)

PIECES = [
    "<unk>",
    "<s>",
    "</s>",
    "▁",
    "▁in",
    "voice",
    "▁to",
    "tal",
    "▁total",
    "a",
    "b",
    "c",
    "▁1",
    "2",
]


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def sentencepiece(pieces, *, kind=1, piece_type=None):
    """A sentencepiece.bpe.model of these pieces, the later the less likely."""
    entries = b""
    for i, piece in enumerate(pieces):
        sort = {0: 2, 1: 3, 2: 3}.get(i, piece_type or 1)
        score = b"\x15" + struct.pack("<f", 0.0 if i < 3 else -float(i))
        entries += field(1, field(1, piece.encode()) + score + b"\x18" + varint(sort))
    return entries + field(2, b"\x18" + varint(kind)) + field(3, field(1, b"identity"))


@pytest.fixture
def released(tmp_path):
    path = tmp_path / "sentencepiece.bpe.model"
    path.write_bytes(sentencepiece(PIECES))
    return from_sentencepiece(path)


@pytest.fixture
def english(tmp_path):
    path = tmp_path / "vocab.txt"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "total", "in", "##voice", ":", "[", "]"]
    path.write_text("\n".join([*words, "cl", "##s"]) + "\n")
    return from_wordpiece(path, lowercase=True)


def test_ids_are_the_released_checkpoints(released):
    """Specials 0 to 3, then piece i has id i + 1, then the mask: pieces + 2 in all."""
    assert (released.cls, released.pad, released.sep, released.unk) == (0, 1, 2, 3)
    assert released.mask == len(PIECES) + 1
    assert released.size == len(PIECES) + 2
    pieces = released.pieces(["invoice", "total"])
    assert pieces.ids == [PIECES.index(p) + 1 for p in ("▁in", "voice", "▁total")]
    assert pieces.words == [0, 0, 1]


def test_the_pair_has_two_separators_between(released):
    pair = released.pair(["total"], ["invoice"])
    total, invoice, voice = (PIECES.index(p) + 1 for p in ("▁total", "▁in", "voice"))
    assert pair.ids == [0, total, 2, 2, invoice, voice, 2]
    assert pair.words == [NO_WORD, 0, NO_WORD, NO_WORD, 0, 0, NO_WORD]
    assert pair.parts[1] == 0 and pair.parts[4:] == [1, 1, 1]


def test_bert_pairs_have_one_separator_between(english):
    pair = english.pair(["Total", ":"], ["invoice"])
    assert english.text(pair.ids) == ["[CLS]", "total", ":", "[SEP]", "in", "##voice", "[SEP]"]
    assert pair.words == [NO_WORD, 0, 1, NO_WORD, 0, 0, NO_WORD]
    assert pair.parts == [0, 0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("special", ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[CLS] ", "<s>", "</s>"])
def test_a_document_cannot_spell_a_special_token(released, english, special):
    for tokenizer in (released, english):
        ids = set(tokenizer.pieces(["total", special]).ids)
        reserved = {tokenizer.cls, tokenizer.sep, tokenizer.pad, tokenizer.mask}
        assert not ids & reserved


def test_unknown_text_is_unknown_and_not_lost(released, english):
    assert released.unk in released.pieces(["猫"]).ids
    assert english.pieces(["猫"]).ids == [english.unk]


def test_bpe_merges_in_the_order_of_scores(tmp_path):
    """ "ab" is likelier than "bc", so abc is ab + c."""
    path = tmp_path / "sentencepiece.bpe.model"
    path.write_bytes(
        sentencepiece(["<unk>", "<s>", "</s>", "ab", "bc", "▁", "a", "b", "c"], kind=2)
    )
    tokenizer = from_sentencepiece(path)
    assert tokenizer.text(tokenizer.pieces(["abc"]).ids) == ["▁", "ab", "c"]


@given(st.lists(st.text(alphabet="abcintovle12 ", max_size=8), max_size=8))
def test_every_piece_names_its_word_in_order(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("sp") / "sentencepiece.bpe.model"
    path.write_bytes(sentencepiece(PIECES))
    pieces = from_sentencepiece(path).pieces(words)
    assert len(pieces.ids) == len(pieces.words) == len(pieces.parts)
    assert pieces.words == sorted(pieces.words)
    assert all(words[i].strip() for i in pieces.words)
    assert set(pieces.words) == {i for i, word in enumerate(words) if word.strip()}


def test_a_tokenizer_survives_its_file(released, tmp_path):
    released.save(tmp_path / "tokenizer.json")
    again = WordTokenizer.load(tmp_path / "tokenizer.json")
    assert again.pair(["invoice"], ["total"]) == released.pair(["invoice"], ["total"])
    assert (again.cls, again.mask, again.first_piece) == (released.cls, released.mask, 4)
    assert not set(again.pieces(["[CLS]"]).ids) & {again.cls}


@pytest.mark.parametrize(
    "damage",
    [b"", b"\xff" * 40, sentencepiece(PIECES)[:50], sentencepiece(PIECES, kind=4)],
    ids=["empty", "noise", "cut off", "another kind"],
)
def test_damaged_files_are_refused(tmp_path, damage):
    path = tmp_path / "sentencepiece.bpe.model"
    path.write_bytes(damage)
    with pytest.raises(ModelError, match="SentencePiece"):
        read_sentencepiece(path)


def test_byte_fallback_is_refused(tmp_path):
    path = tmp_path / "sentencepiece.bpe.model"
    path.write_bytes(sentencepiece(PIECES, piece_type=6))
    with pytest.raises(ModelError, match="bytes"):
        read_sentencepiece(path)


def test_no_tokenizer_json_is_refused(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text('{"version": "1.0"}')
    with pytest.raises(ModelError, match="tokenizer"):
        WordTokenizer.load(path)
