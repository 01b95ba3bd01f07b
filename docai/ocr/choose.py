"""Is a page's own text what the page shows, or must its pixels be read?

A text layer is not believed when there is too little of it for the images it lies on, when
it is invisible, or when it is not language: fonts without a usable encoding give private
characters, glyph names, or letters shifted by a constant. Reading pixels that needed no
reading costs a second; believing a wrong text layer costs the document. So doubt goes to OCR.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil
from operator import concat

from docai.document import TextSource, Word


@dataclass(frozen=True, slots=True)
class TextLayer:
    """What is known of a page before its pixels are.

    `image_coverage` is the share of the page's area under images, `invisible_share` the share
    of its characters drawn in the invisible mode, both 0..1. `paths` counts drawn outlines:
    some programs write every letter as one. `height` is the page's, in points.
    """

    words: tuple[Word, ...]
    image_coverage: float
    invisible_share: float
    width: float
    height: float
    paths: int = 0


@dataclass(frozen=True, slots=True)
class TextChoice:
    """`reason` is a clause for people: "read by OCR, because ..."."""

    source: TextSource
    reason: str


SCAN = 0.5  # an image that covers this share of a page is taken for a picture of the page
WORDS_OVER_SCAN = 50  # fewer are a stamp, or values typed into a scanned form
MARGIN = 0.1  # of the height: what is printed there is a header or footer, not the page
# Where images cover the first share of a page, fewer words than the second do not explain it.
WORDS_BESIDE_IMAGES = ((0.15, 10), (0.01, 1))
OUTLINED_LETTERS = 100  # this many paths and no word: more than a frame and its lines
INVISIBLE_OVER_SCAN = 0.1  # hidden words over a scan are someone's OCR, of which we know nothing
INVISIBLE = 0.5

SAMPLE = 150  # words; enough for every share below, and cheap on a page of thousands
GARBLED_WORDS = 0.2  # share of words with something in them that no text has
SOUP_WORDS = 0.4  # share of words of several different signs and no letter or digit
MIN_PAIRS = 80  # pairs of letters, some fifteen words, before their statistics mean anything
# Measured on the messages of programs in 47 languages in Latin script, 150 words at a time: 0.51
# to 0.8 of a text's pairs of letters are among the common ones below, and at most 0.35 in 99 of
# 100 such texts with every letter shifted by a constant. The list chosen on half of the
# languages does almost as well on the other half, Welsh apart, which comes down to 0.44.
COMMON_PAIRS_SHARE = 0.44
_PAIRS = (
    "ac ad ai ak al am an ar as at ba be bo ce ch da dd de di do ed eg ei ek el em en er es "
    "et fe fi ga ge go ha he ho ia ic id ie ig ik il im in io ir is it je ka ke ki ko ku la "
    "le li ll lo lu ma me mi mo na nd ne ng ni no nt ny od ok ol om on or os ot ou ov pa pi "
    "po pr ra re ri ro rt ru sa se si so st ta te th ti to tr tu ub um un ur va ve wa we wi "
    "wy yn za ze"
)
COMMON_PAIRS = frozenset(_PAIRS.split())
ACCENTED = 0.5  # share of Latin letters beyond a-z; about a quarter in Vietnamese
MIN_HAN, MOST_HAN = 30, 300  # characters: too few to judge by, and more than are needed
COMMON_HAN = 0.7  # share of Han characters in an everyday character set; nearly all in language

UNDECODED = "\ufffd"
GLYPH_NAME = re.compile(r"\(cid:\d+\)|/(?:[gGcC]|cid|glyph|uni)[0-9A-Fa-f]{1,5}\b")
SIGNS = re.compile(r"[^\w\s]{3}")
LETTERS = re.compile(r"[a-z]{4,}")  # shorter ones are abbreviations as often as words
PLAIN_LETTER = re.compile(r"[A-Za-z]")
ACCENTED_LETTER = re.compile("[À-ÖØ-öø-ɏ]")
HAN = re.compile("[\u4e00-\u9fff]")


def choose(layer: TextLayer) -> TextChoice:
    """Embedded text or OCR, and why."""
    doubt = _doubt(layer)
    if doubt:
        return TextChoice(TextSource.OCR, doubt)
    count = len(layer.words)
    return TextChoice(TextSource.EMBEDDED, f"it has {count} words" if count else "it is blank")


def _doubt(layer: TextLayer) -> str | None:
    words, coverage = layer.words, layer.image_coverage
    if not words and layer.paths >= OUTLINED_LETTERS:
        return f"it has no text, but {layer.paths} outlines that may be letters"
    if coverage >= SCAN and _is_stamped(layer):
        return f"it is an image with {_counted(len(words))} of text on it"
    if any(coverage >= share and len(words) < needed for share, needed in WORDS_BESIDE_IMAGES):
        return f"images cover {coverage:.0%} of it beside {_counted(len(words))} of text"
    if layer.invisible_share > (INVISIBLE_OVER_SCAN if coverage >= SCAN else INVISIBLE):
        return f"{layer.invisible_share:.0%} of its text is invisible"
    fault = garbling([word.text for word in words])
    return f"its text is garbled: {fault}" if fault else None


def _is_stamped(layer: TextLayer) -> bool:
    """Whether too few of its words are in the page's body to be its text."""
    top, bottom = MARGIN * layer.height, (1 - MARGIN) * layer.height
    body = (word for word in layer.words if top < word.box.centre[1] < bottom)
    return next(islice(body, WORDS_OVER_SCAN - 1, None), None) is None


def _counted(words: int) -> str:
    return {0: "no word", 1: "1 word"}.get(words, f"{words} words")


def garbling(words: Sequence[str]) -> str | None:
    """Why these words are not language, or None where they may be."""
    sample = words[:: max(1, ceil(len(words) / SAMPLE))]
    text = " ".join(sample)
    return next((fault for judge in _JUDGES if (fault := judge(text))), None)


# Every judge sees the sample joined by spaces, because one search through a long string costs
# far less than one through each word: born-digital pages are read by the thousand.


def _impossible_characters(text: str) -> str | None:
    if text.isprintable() and UNDECODED not in text:
        return None
    share = _share(text, _is_impossible)
    return f"{share:.0%} of its words have private characters" if share >= GARBLED_WORDS else None


def _is_impossible(word: str) -> bool:
    """Private, unassigned or control characters, or the sign for what could not be decoded."""
    if word.isprintable():
        return UNDECODED in word
    return any(unicodedata.category(c) in ("Co", "Cn", "Cc", "Cs") for c in word)


def _glyph_names(text: str) -> str | None:
    if not GLYPH_NAME.search(text):
        return None
    share = _share(text, lambda word: GLYPH_NAME.search(word) is not None)
    return f"{share:.0%} of its words are names of glyphs" if share >= GARBLED_WORDS else None


def _soup(text: str) -> str | None:
    if not SIGNS.search(text):
        return None
    # Three different signs: "....." and "-----" lead the eye and "€" is a currency.
    share = _share(text, lambda word: len(set(word)) >= 3 and not any(map(str.isalnum, word)))
    return f"{share:.0%} of its words have no letter" if share >= SOUP_WORDS else None


def _cipher(text: str) -> str | None:
    runs = LETTERS.findall(text.lower())
    pairs = sum(map(len, runs)) - len(runs)
    if pairs < MIN_PAIRS:
        return None
    letters = " ".join(runs)  # a pair with a space in it is no common one
    common = sum(map(COMMON_PAIRS.__contains__, map(concat, letters, letters[1:])))
    if common >= COMMON_PAIRS_SHARE * pairs:
        return None
    return f"{common / pairs:.0%} of its pairs of letters are common ones"


def _wrong_code_page(text: str) -> str | None:
    """Bytes of another alphabet taken for Western European ones."""
    accented = len(ACCENTED_LETTER.findall(text))
    if accented < ACCENTED * MIN_PAIRS:
        return None
    share = accented / (accented + len(PLAIN_LETTER.findall(text)))
    return f"{share:.0%} of its Latin letters are accented" if share >= ACCENTED else None


def _rare_han(text: str) -> str | None:
    """Glyph numbers taken for characters land anywhere among twenty thousand of them."""
    han = HAN.findall(text)[:MOST_HAN]
    if len(han) < MIN_HAN:
        return None
    share = sum(map(_is_common_han, han)) / len(han)
    return f"only {share:.0%} of its characters are common" if share < COMMON_HAN else None


def _is_common_han(character: str) -> bool:
    """Level 1, the everyday half, of the simplified, traditional or Japanese character set."""
    return any(
        first <= character.encode(encoding, "replace")[0] <= last
        for encoding, first, last in (
            ("gb2312", 0xB0, 0xD7),
            ("big5", 0xA4, 0xC6),
            ("shift_jis", 0x88, 0x98),
        )
    )


def _share(text: str, judge: Callable[[str], bool]) -> float:
    """Of the words; a control character, at which split() would end one as well, is in a word."""
    words = text.split(" ")
    return sum(map(judge, words)) / len(words)


_JUDGES = (_impossible_characters, _glyph_names, _soup, _cipher, _wrong_code_page, _rare_han)
