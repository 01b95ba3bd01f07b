"""Questions about a document, with answers that stand on it, and some that it does not answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from functools import partial
from random import Random

from docai.document import Cell, CellKind, Page, WordRef
from docai.results import Span
from docai.training.labelled import LabelledDocument, Question
from docai.training.synth.truth import said
from docai.training.synth.wording import expanded, vocabulary

MOST_CELLS = 4  # of one table
MOST_PAIRS = 6


def questions_for(
    labelled: LabelledDocument, sought: Set[str], random: Random
) -> tuple[Question, ...]:
    """About fields, labels of forms, and table cells; in the document's language.

    `sought` are the names of fields that may be asked for.
    """
    language = labelled.language or "en"
    bank = vocabulary(language)["questions"]
    return (
        *about_fields(labelled, sought, language, random),
        *about_pairs(labelled, bank["pairs"], random),
        *_about_cells(labelled, bank["cells"], random),
    )


def about_fields(
    labelled: LabelledDocument, sought: Set[str], language: str, random: Random
) -> list[Question]:
    """Asked in `language`, whatever the document's own is; some that it does not answer, too."""
    bank: dict[str, list[str]] = vocabulary(language)["questions"]["fields"]
    questions = []
    for name in sorted(sought & bank.keys()):
        places = (labelled.places or {}).get(name, ())
        if not places and random.random() < 0.6:  # else every second question would have none
            continue
        text = expanded(str(random.choice(bank[name])), random, {})
        answers = tuple(Span(said(labelled.document, refs), refs) for refs in places)
        questions.append(Question(text, answers, "field"))
    return questions


def about_pairs(labelled: LabelledDocument, bank: Sequence[str], random: Random) -> list[Question]:
    """Only about labels that are on the document once; `bank` are wordings with "<label>"."""
    if not bank:
        return []
    pairs = [pair for pair in labelled.key_values or () if pair.checked is None]
    labels = [_plain(pair.key.text) for pair in pairs]
    chosen = random.sample(range(len(pairs)), min(MOST_PAIRS, len(pairs)))
    questions = []
    for number in chosen:
        pair, label = pairs[number], labels[number]
        if labels.count(label) > 1 or not label:
            continue
        text = expanded(str(random.choice(bank)), random, {"label": partial(str, label)})
        answers = () if pair.value is None else (pair.value,)
        questions.append(Question(text, answers, "form"))
    return questions


def _about_cells(labelled: LabelledDocument, bank: list[str], random: Random) -> list[Question]:
    """The cell of a named row in a named column."""
    questions = []
    for page_number, page in enumerate(labelled.document.pages):
        for table in page.tables:
            rows = _grid(table.cells)
            heads = {column: words for (row, column), words in rows.items() if row == 0}
            if not heads or not all(
                cell.kind is CellKind.HEADER for cell in table.cells if cell.row == 0
            ):
                continue
            questions += _cells(labelled, page_number, rows, heads, bank, random)
    return questions


def _cells(
    labelled: LabelledDocument,
    page: int,
    rows: dict[tuple[int, int], tuple[int, ...]],
    heads: dict[int, tuple[int, ...]],
    bank: list[str],
    random: Random,
) -> list[Question]:
    document = labelled.document

    def text(words: Sequence[int]) -> str:
        return said(document, [WordRef(page, word) for word in words])

    first_lines = {place: _first_line(document.pages[page], words) for place, words in rows.items()}
    names = _row_names(first_lines, text)
    if names is None:
        return []
    column_of_names, by_row = names
    asked = [
        place
        for place, words in rows.items()
        if place[0] and place[1] != column_of_names and words and place[0] in by_row
        and heads.get(place[1]) and len(text(heads[place[1]])) > 1
    ]  # fmt: skip
    questions = []
    for row, column in random.sample(asked, min(MOST_CELLS, len(asked))):
        row_name, head = by_row[row], text(heads[column])
        names_of = {"row": partial(str, row_name), "column": partial(str, head)}
        refs = tuple(WordRef(page, word) for word in rows[row, column])
        question = expanded(str(random.choice(bank)), random, names_of)
        questions.append(Question(question, (Span(text(rows[row, column]), refs),), "cell"))
    return questions


def _row_names(
    rows: dict[tuple[int, int], tuple[int, ...]], text: Callable[[Sequence[int]], str]
) -> tuple[int, dict[int, str]] | None:
    """The first column whose texts tell the rows apart, by letters."""
    columns = sorted({column for _, column in rows})
    for column in columns:
        named = {row: text(words) for (row, c), words in rows.items() if c == column and row}
        letters = [name for name in named.values() if sum(sign.isalpha() for sign in name) > 2]
        if named and len(letters) == len(named):
            unique = {row: name for row, name in named.items() if letters.count(name) == 1}
            return (column, unique) if unique else None
    return None


def _first_line(page: Page, words: tuple[int, ...]) -> tuple[int, ...]:
    """A cell's name without what stands below it: details of an article."""
    line = next((line for line in page.lines if words and words[0] in line.words), None)
    return tuple(word for word in words if line and word in line.words)


def _grid(cells: Sequence[Cell]) -> dict[tuple[int, int], tuple[int, ...]]:
    return {(cell.row, cell.column): cell.words for cell in cells if cell.column_span == 1}


def _plain(label: str) -> str:
    return label.rstrip(" :：*.").strip()
