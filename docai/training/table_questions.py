"""Questions about tables: WikiTableQuestions and TAT-QA, each table laid out as a page.

    wikitablequestions   data/*.tsv: a question, its table under csv/, and the answer's text
    tatqa                tatqa_dataset_*.json: a table with the paragraphs around it

Only questions that one cell, or words of one paragraph, answer are taken: what has to be counted
or worked out is nowhere on the page.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from docai.document import Document, Page, Source, Word, WordRef
from docai.geometry import Box
from docai.layout import arrange
from docai.results import Span
from docai.tasks.spelled import places_of
from docai.tasks.text import key
from docai.training.labelled import LabelledDocument, Question

MARGIN = 54.0  # points
LETTER_WIDTH = 5.0  # points of a character
LINE_HEIGHT, LINE_PITCH = 10.0, 14.0
COLUMN_GAP = 18.0
WIDEST_COLUMN = 160.0  # points; longer cells take several lines
TEXT_WIDTH = 480.0
MOST_WORDS = 1000  # of a page; a longer table would fill several

Rows = Sequence[Sequence[str]]
Place = list[int]  # words, by their numbers as they were set


def wiki_tables(data: Path) -> Iterator[LabelledDocument]:
    """WikiTableQuestions (Pasupat and Liang 2015), the questions of its training.tsv."""
    asked: dict[str, list[tuple[str, str]]] = {}
    with (data / "data" / "training.tsv").open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            _, question, table, answer = line.rstrip("\n").split("\t")
            if "|" not in answer:  # several answers
                asked.setdefault(table, []).append((question, answer))
    for table, questions in sorted(asked.items()):
        with (data / table).open(encoding="utf-8", newline="") as cells:
            rows = list(csv.reader(cells, doublequote=False, escapechar="\\"))
        name = table.removeprefix("csv/").replace("/", "-")
        yield from _document(rows, (), questions, f"wikitable-{name}", "wikitablequestions")


def tatqa(entries: Iterable[dict[str, Any]]) -> Iterator[LabelledDocument]:
    """TAT-QA (Zhu et al. 2021): its questions of one span."""
    for entry in entries:
        rows = entry["table"]["table"] if isinstance(entry["table"], dict) else entry["table"]
        texts = [p["text"] for p in sorted(entry["paragraphs"], key=lambda p: int(p["order"]))]
        questions = [
            (q["question"], str(q["answer"][0]))
            for q in entry["questions"]
            if q.get("answer_type") == "span" and len(q["answer"]) == 1
        ]
        uid = entry["table"].get("uid", "") if isinstance(entry["table"], dict) else entry["uid"]
        yield from _document(rows, texts, questions, f"tatqa-{uid}", "tatqa")


def _document(
    rows: Rows, texts: Sequence[str], asked: Sequence[tuple[str, str]], name: str, origin: str
) -> Iterator[LabelledDocument]:
    """The page with those of its questions that have one place on it, if there are any."""
    if (
        not 0
        < sum(len(text.split()) for text in (*texts, *(c for row in rows for c in row)))
        <= MOST_WORDS
    ):
        return
    page, cells = table_page(rows, texts)
    document = Document(Source(name, "", "text/plain", 0), (page,))
    questions = []
    for question, answer in asked:
        exact = [place for text, place in cells if text == key(answer)]
        places = [tuple(WordRef(0, word) for word in place) for place in exact]
        found = places or list(places_of(answer, document))
        if len(found) == 1 and key(answer):
            questions.append(Question(question, (Span(answer, found[0]),), "cell"))
    if questions:
        yield LabelledDocument(document, origin, "table", "en", questions=tuple(questions))


def table_page(rows: Rows, texts: Sequence[str] = ()) -> tuple[Page, list[tuple[str, Place]]]:
    """Texts above a table without rules, in the reading order of our own layout code.

    With each filled cell, as letters and digits, and its words.
    """
    words: list[Word] = []
    top = MARGIN
    for text in texts:
        top = _set(words, text, MARGIN, top, TEXT_WIDTH)[1] + LINE_PITCH
    widths = _column_widths(rows)
    cells: list[tuple[str, list[int]]] = []
    for row in rows:
        left, bottom = MARGIN, top
        for text, width in zip(row, widths, strict=False):
            own, below = _set(words, text, left, top, width)
            bottom = max(bottom, below)
            if own:
                cells.append((key(text), own))
            left += width + COLUMN_GAP
        top = bottom
    right = max((word.box.right for word in words), default=0.0) + MARGIN
    page = arrange(Page(1, max(right, TEXT_WIDTH + 2 * MARGIN), top + MARGIN, tuple(words)))
    number = {id(word): i for i, word in enumerate(page.words)}
    return page, [(text, sorted(number[id(words[w])] for w in place)) for text, place in cells]


def _column_widths(rows: Rows) -> list[float]:
    columns = max((len(row) for row in rows), default=0)
    longest = [
        max((len(row[c]) for row in rows if c < len(row)), default=0) for c in range(columns)
    ]
    return [min(WIDEST_COLUMN, max(1, letters) * LETTER_WIDTH) for letters in longest]


def _set(
    words: list[Word], text: str, left: float, top: float, width: float
) -> tuple[list[int], float]:
    """Adds the text's words, wrapped; gives their numbers and where the next line begins."""
    own, x = [], left
    for part in text.split():
        length = len(part) * LETTER_WIDTH
        if x > left and x + length > left + width:
            x, top = left, top + LINE_PITCH
        own.append(len(words))
        words.append(Word(part, Box(x, top, x + length, top + LINE_HEIGHT)))
        x += length + LETTER_WIDTH
    return own, top + LINE_PITCH
