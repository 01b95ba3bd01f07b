"""The words that documents use, read from the YAML files in vocabulary/.

One file per language holds the labels of fields, the heads of item columns, the names of
months and the words by which a kind of document is known. A phrase that begins with "~" is
vague: it may stand for the field, and a phrase without the mark is preferred to it. "(a|b)"
stands for either.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import chain, product
from typing import Any

import yaml

from docai.tasks.text import fold, key

LANGUAGES = ("en", "de", "fr", "es", "zh")
VAGUE = "~"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A spelling of a concept. `sure` is False where the phrase could mean something else."""

    concept: str
    text: str
    key: str
    language: str
    sure: bool


@dataclass(frozen=True, eq=False)  # compared and hashed as the one object it is
class PhraseBook:
    """Phrases by key, and every beginning of a key, so that a search knows when to stop."""

    by_key: Mapping[str, tuple[Phrase, ...]]
    beginnings: frozenset[str]

    def __iter__(self) -> Iterator[Phrase]:
        for phrases in self.by_key.values():
            yield from phrases

    def concept(self, name: str) -> list[Phrase]:
        return [phrase for phrase in self if phrase.concept == name]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything the geometric extractor knows about words."""

    labels: PhraseBook  # of fields
    columns: PhraseBook  # heads of item columns
    stops: PhraseBook  # rows that end or interrupt a list of items
    kinds: PhraseBook  # words by which a kind of document is known
    titles_of_kinds: PhraseBook  # the names that such documents bear themselves
    questions: PhraseBook  # words of questions, for the concepts they ask for
    months: Mapping[str, int]  # folded name or abbreviation -> 1..12
    currencies: Mapping[str, str]  # case-folded symbol, code or word -> ISO 4217
    shared_symbols: Mapping[str, frozenset[str]]  # symbol -> the currencies it may stand for
    organisations: frozenset[str]  # keys of legal forms: gmbh, ltd, sarl
    titles: frozenset[str]  # keys of what stands before a name: herr, firma, attn
    departments: frozenset[str]  # keys of offices that letters go to: einkauf, accountspayable
    durations: frozenset[str]  # keys of words that time is counted in: days, jours
    streets: frozenset[str]  # keys of words in a street's name
    countries: frozenset[str]  # keys of country names
    yes: frozenset[str]  # marks and words of a ticked box
    no: frozenset[str]
    common: Mapping[str, frozenset[str]]  # language -> its most common words
    sha256: str  # of all files, in a fixed order


@cache
def lexicon() -> Lexicon:
    """The vocabulary, read once per process."""
    folder = resources.files("docai.tasks") / "vocabulary"
    names = ["shared", *LANGUAGES]
    raw = {name: (folder / f"{name}.yaml").read_bytes() for name in names}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    files: dict[str, Any] = {name: yaml.load(raw[name], loader) for name in names}
    shared = files.pop("shared")
    return Lexicon(
        labels=_phrase_book(files, "labels"),
        columns=_phrase_book(files, "columns"),
        stops=_phrase_book(files, "stops"),
        kinds=_phrase_book(files, "kinds"),
        titles_of_kinds=_phrase_book(files, "titles_of_kinds"),
        questions=_phrase_book(files, "questions"),
        months=_months(files.values()),
        currencies={
            spelling.casefold(): code
            for code, spellings in shared["currencies"].items()
            for spelling in [code, *spellings]
        },
        shared_symbols={s: frozenset(codes) for s, codes in shared["shared_symbols"].items()},
        organisations=frozenset(map(key, shared["organisations"])),
        titles=frozenset(key(t) for words in files.values() for t in words["titles"]),
        departments=frozenset(key(t) for words in files.values() for t in words["departments"]),
        durations=frozenset(key(t) for words in files.values() for t in words["durations"]),
        streets=frozenset(key(t) for words in files.values() for t in words["streets"]),
        countries=frozenset(key(t) for words in files.values() for t in words["countries"]),
        yes=frozenset(map(fold, shared["yes"])),
        no=frozenset(map(fold, shared["no"])),
        common={name: frozenset(map(fold, words["common"])) for name, words in files.items()},
        sha256=hashlib.sha256(b"\0".join(raw[name] for name in names)).hexdigest(),
    )


def _phrase_book(files: Mapping[str, Any], section: str) -> PhraseBook:
    by_key: dict[str, tuple[Phrase, ...]] = {}
    for language, words in files.items():
        for concept, texts in words.get(section, {}).items():
            for spelling in chain.from_iterable(_spellings(str(text)) for text in texts):
                phrase = phrase_of(concept, spelling, language)
                by_key[phrase.key] = (*by_key.get(phrase.key, ()), phrase)
    return phrase_book(by_key)


def _spellings(text: str) -> list[str]:
    """“(Total|Sum) (incl|with) tax” is four phrases."""
    parts = [part.split("|") for part in re.split(r"[()]", text) if part]
    return ["".join(choice) for choice in product(*parts)]


def phrase_of(concept: str, text: str, language: str = "") -> Phrase:
    sure = not text.startswith(VAGUE)
    bare = text.removeprefix(VAGUE)
    return Phrase(concept, bare, key(bare), language, sure)


def phrase_book(by_key: Mapping[str, tuple[Phrase, ...]]) -> PhraseBook:
    beginnings = frozenset(k[:n] for k in by_key for n in range(1, len(k) + 1))
    return PhraseBook(by_key, beginnings)


def _months(files: Iterable[Any]) -> dict[str, int]:
    return {
        fold(str(name)): number
        for words in files
        for number, names in enumerate(words.get("months", []), start=1)
        for name in names
    }
