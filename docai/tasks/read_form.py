"""Label-value pairs of forms, found by docai-small and by rules together.

Rules know colons, columns and lines to write on; the model knows what labels and answers look
like. Each pair that either of them finds gets one probability (docai.tasks.together), and no
word is told twice, but for cells of tables: of pairs that share one the likeliest is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from docai.document import Document, WordRef
from docai.geometry import line_by_line
from docai.models import small
from docai.results import Extraction, KeyValue, Span
from docai.tasks.confidence import log_odds
from docai.tasks.form import FormTask
from docai.tasks.read_fields import MIN_CONFIDENCE, looked_at, pages_to_read
from docai.tasks.text import key
from docai.tasks.together import Opinions, Said

if TYPE_CHECKING:
    from docai.models.pieces import Describer

# Fitted by tools/fit_forms.py.
OPINIONS = Opinions((-1.76, 1.80, 0.00, 0.00), (-0.04, 1.28, 0.00, 0.00, 0.00), (-0.01, 1.09))

EVEN = 0.5  # what rules think less likely is told only where the model says the same

_NO_CONTENT = re.compile(r"[\s_.…·:：*-]*")
_ENDS = " _…·:：*"

Option = tuple[KeyValue, Said]


@lru_cache(maxsize=2)
def pairs(document: Document) -> tuple[KeyValue, ...]:
    """Those of any document, whatever its kind: what is asked of it may stand beside a label.

    Where rules see no label, such as in running text, the model is spared the look.
    """
    found = FormTask().extract(document)
    return with_model(found, document).key_values if found.key_values else ()


def with_model(found: Extraction, document: Document) -> Extraction:
    """What rules found of a form, with the likeliest of all pairs."""
    pairs = told(gathered(found.key_values, document), OPINIONS)
    told_words = {ref for pair in pairs for ref in _words(pair)}
    rest = [
        pair
        for pair in found.key_values
        if pair.checked is not None or (pair.value is None and not told_words & _words(pair))
    ]
    ordered = sorted((*pairs, *rest), key=lambda pair: _place(pair, document))
    return replace(found, model=small.info(), key_values=tuple(ordered))


def _place(pair: KeyValue, document: Document) -> tuple[int, float, float]:
    first = pair.key.evidence[0]
    box = document.word(first).box
    return first.page, box.top, box.left


def told(options: Sequence[Option], opinions: Opinions) -> list[KeyValue]:
    """The likeliest pairs with their probabilities; of those that share a word one.

    What rules alone say, and hold less likely than not, is not among them. Only where the
    model gives an answer two questions, a table's cell of a row and a column that both have
    heads, it is told in both.
    """
    likely = [
        (replace(pair, confidence=opinions.probability(said)), said.odds is not None)
        for pair, said in options
        if said.odds is not None or (said.rules or 0.0) >= EVEN
    ]
    taken: set[WordRef] = set()
    answers: set[WordRef] = set()  # of what the model read
    pairs = []
    for pair, is_read in sorted(likely, key=lambda one: -one[0].confidence):
        said = set(pair.value.evidence if pair.value else ())
        shared = said & answers if is_read else set()
        words = _words(pair)
        if pair.confidence >= MIN_CONFIDENCE and not (words & taken) - shared:
            pairs.append(pair)
            taken |= words
            answers |= said if is_read else set()
    return pairs


def gathered(ruled: Sequence[KeyValue], document: Document) -> list[Option]:
    """The possible pairs, with what each side says of them; checkboxes are the rules' alone."""
    boxes = {ref for pair in ruled if pair.checked is not None for ref in _words(pair)}
    read = [(pair, odds) for pair, odds in _read(document) if not boxes & _words(pair)]
    by_rules: dict[tuple[int, str, str], list[KeyValue]] = {}
    for pair in ruled:
        if pair.value is not None and pair.checked is None:
            by_rules.setdefault(_same(pair), []).append(pair)
    options = []
    for pair, odds in read:
        same = _taken(by_rules.get(_same(pair), []), pair)
        options.append((same or pair, Said(odds, 0.0, same.confidence if same else None)))
    alone = (pair for pairs in by_rules.values() for pair in pairs)
    return [*options, *((pair, Said(None, 0.0, pair.confidence)) for pair in alone)]


def _taken(pairs: list[KeyValue], wanted: KeyValue) -> KeyValue | None:
    """The first that shares a word, out of the list; what a form says twice stays two pairs."""
    words = _words(wanted)
    for number, pair in enumerate(pairs):
        if words & _words(pair):
            return pairs.pop(number)
    return None


def _same(pair: KeyValue) -> tuple[int, str, str]:
    """Equal for pairs of a page that say the same."""
    value = pair.value.text if pair.value else ""
    return pair.key.evidence[0].page, key(pair.key.text), key(value)


def _words(pair: KeyValue) -> set[WordRef]:
    return {*pair.key.evidence, *(pair.value.evidence if pair.value else ())}


def _read(document: Document) -> Iterator[tuple[KeyValue, float]]:
    """The model's pairs and their log-odds, page by page."""
    from docai.models.forms import HEAD, find

    head = small.reader().model.task_heads[HEAD]
    describer = _describer(document)
    for number in pages_to_read(len(document.pages)):
        found = find(head, describer, document.pages[number])  # type: ignore[arg-type]
        answers: dict[int, list[tuple[int, float]]] = {}
        for question, answer, p in found.links:
            answers.setdefault(question, []).append((answer, p))
        for question, own in answers.items():
            label = _span(document, number, sorted(found.entities[question][1]))
            said = [sorted(found.entities[answer][1]) for answer, _ in own]
            order = line_by_line([document.pages[number].box(words) for words in said])
            value = _span(document, number, [word for i in order for word in said[i]])
            if label and value:
                p = min(p for _, p in own)
                yield KeyValue(label, value, p), log_odds(p)


def _describer(document: Document) -> Describer:
    """Of a document of one page what was looked at for its kind serves here, too."""
    from docai.models.page_reader import page_describer

    loaded = small.reader()
    look = looked_at(document) if len(document.pages) == 1 else None
    return page_describer(loaded.model, loaded.tokenizer, look)


def _span(document: Document, page: int, words: Iterable[int]) -> Span | None:
    """The words that say something, or None where none does: a line to write on says nothing."""
    refs = [WordRef(page, word) for word in words]
    refs = [ref for ref in refs if not _NO_CONTENT.fullmatch(document.word(ref).text)]
    text = document.text(refs).strip(_ENDS)
    return Span(text, tuple(refs)) if text else None
