"""Labelled documents of others, and corrections of one's own, as LabelledDocument.

    funsd           a folder `annotations` of JSON, and `images` beside it
    xfund           *.json with a list of documents
    sroie           train.jsonl: lines with boxes, and four fields
    wildreceipt     labels.jsonl and class_list.txt: boxes with a class
    squad           SQuAD's JSON: paragraphs and questions; laid out as a page of text
    page texts      a list of {context, qas} without places, such as DocVQA's recognised text
    wiki tables     WikiTableQuestions: data/training.tsv, and tables under csv/
    tatqa           TAT-QA's JSON: a list of tables with paragraphs and questions
    squad tokens    *.context, *.question and *.span beside one another, a line each
    bio             a word and its tag a line, with a box between them or without
    synthetic       *.json of `docai synth`
    corrections     JSON Lines of `docai extract --with-words`, put right by a person

Words come in the reading order that our own layout code finds, never in the annotators':
theirs tells which words belong together.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

from docai.document import Document, Page, Source, TextSource, Word, WordRef
from docai.errors import UsageError
from docai.evaluation.sequences import spans_of_tags
from docai.geometry import Box, box_from_pixels
from docai.image import PageImage
from docai.layout import arrange
from docai.results import Field, FieldType, Span, Value
from docai.serialize import document_from_json
from docai.tasks.spelled import places_of, rest_of
from docai.tasks.text import key
from docai.training.labelled import Entity, EntityLabel, LabelledDocument, Link, Question
from docai.training.labelled_json import labelled_from_json
from docai.training.rearranged import rearranged
from docai.training.table_questions import tatqa, wiki_tables

FUNSD_DPI = 100.0  # of its images, about; only ratios of lengths matter
XFUND_DPI = 300.0
RECEIPT_DPI = 150.0
TEXT_WIDTH = 468.0  # points; a Letter page with margins of an inch
TEXT_MARGIN = 72.0
LETTER_WIDTH = 5.0  # points of a character in a text laid out here
LINE_PITCH = 14.0
LINE_HEIGHT = 10.0

# What each data set calls a field, in our names.
SROIE_FIELDS = {
    "company": ("merchant_name", FieldType.STRING),
    "date": ("transaction_date", FieldType.DATE),
    "address": ("merchant_address", FieldType.ADDRESS),
    "total": ("total", FieldType.MONEY),
}
WILDRECEIPT_FIELDS = {
    "Store_name_value": ("merchant_name", FieldType.STRING),
    "Store_addr_value": ("merchant_address", FieldType.ADDRESS),
    "Tel_value": ("merchant_phone", FieldType.STRING),
    "Date_value": ("transaction_date", FieldType.DATE),
    "Time_value": ("transaction_time", FieldType.STRING),
    "Subtotal_value": ("subtotal", FieldType.MONEY),
    "Tax_value": ("total_tax", FieldType.MONEY),
    "Tips_value": ("tip", FieldType.MONEY),
    "Total_value": ("total", FieldType.MONEY),
}

Places = dict[str, tuple[tuple[WordRef, ...], ...]]


def read(data: Path, *, images: bool = False) -> list[LabelledDocument]:
    """Every labelled document under `data`, whatever its form. Raises UsageError."""
    found = list(_reader_of(data)(data, images))
    if not found:
        raise UsageError(f"{data} holds no labelled document")
    return found


def _reader_of(data: Path) -> Callable[[Path, bool], Iterator[LabelledDocument]]:
    if data.is_dir():
        if any(data.glob("**/annotations/*.json")):
            return funsd
        if (data / "class_list.txt").is_file():
            return wildreceipt
        if (data / "train.jsonl").is_file():
            return sroie
        if (data / "data" / "training.tsv").is_file():
            return lambda folder, _: wiki_tables(folder)
        if any(data.glob("**/*.context")):
            return lambda folder, _: (
                d for p in sorted(folder.glob("**/*.context")) for d in squad_tokens(p)
            )
        if any(data.glob("*.jsonl")):
            return lambda folder, _: (d for p in _sorted(folder, "*.jsonl") for d in corrections(p))
        if any(data.glob("*.bio")) or any(data.glob("*.tsv")):
            return lambda folder, _: (d for p in _sorted(folder, "*.[bt][is][ov]") for d in bio(p))
        if any(data.glob("*.json")):
            return lambda folder, _: (d for p in _sorted(folder, "*.json") for d in _json(p))
    elif data.suffix == ".jsonl":
        return lambda path, _: corrections(path)
    elif data.suffix in (".bio", ".tsv"):
        return lambda path, _: bio(path)
    elif data.suffix == ".json":
        return lambda path, _: _json(path)
    raise UsageError(
        f"{data} holds no labelled documents in a form known here: FUNSD's annotations/, *.json "
        "of XFUND, SQuAD, TAT-QA or `docai synth`, SROIE's train.jsonl, WildReceipt's "
        "labels.jsonl, WikiTableQuestions' data/training.tsv, *.bio, or *.jsonl of corrections "
        "(docs/training.md)"
    )


def _sorted(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern))


def _json(path: Path) -> Iterator[LabelledDocument]:
    values = _loaded(path, list, dict)
    if isinstance(values, list):
        has_tables = bool(values) and isinstance(values[0], dict) and "table" in values[0]
        yield from tatqa(values) if has_tables else page_texts(values, path.stem)
    elif "labels" in values:
        yield rearranged(labelled_from_json(values))
    else:
        yield from squad(path) if "data" in values else xfund(path)


def funsd(data: Path, images: bool = False) -> Iterator[LabelledDocument]:
    """FUNSD (Jaume et al. 2019): entities of four kinds and links between them."""
    for path in sorted(data.glob("**/annotations/*.json")):
        picture = path.parent.parent / "images" / f"{path.stem}.png"
        pixels = _pixels(picture, FUNSD_DPI) if images and picture.is_file() else None
        size = (pixels.width, pixels.height) if pixels else None
        form = _form(_loaded(path)["form"], path.stem, "funsd", FUNSD_DPI, size)
        yield replace(form, language="en", images=(pixels,) if pixels else ())


def xfund(path: Path) -> Iterator[LabelledDocument]:
    """One file of XFUND (Xu et al. 2022), FUNSD's form in seven languages."""
    values = _loaded(path)
    for entry in values.get("documents", ()):
        size = tuple(entry["img"][side] * 72 / XFUND_DPI for side in ("width", "height"))
        form = _form(entry["document"], entry["id"], "xfund", XFUND_DPI, (size[0], size[1]))
        yield replace(form, language=values.get("lang"))


def sroie(data: Path, images: bool = False) -> Iterator[LabelledDocument]:
    """SROIE (Huang et al. 2019). A field is placed on the words that spell it.

    The lines of some copies stop at their first comma: an address is then what is left of its
    lines. Of a field that stands nowhere nothing is said.
    """
    for entry in _lines(data / "train.jsonl"):
        lines = zip(entry["words"], entry["bboxes"], strict=True)
        words = [word for text, box in lines for word in _split(text, box, RECEIPT_DPI)]
        scale = 72 / RECEIPT_DPI
        size = (entry["width"] * scale, entry["height"] * scale)
        document, _ = _arranged(words, size, entry["image"], RECEIPT_DPI)
        fields, places, sought = [], {}, set[str]()
        for theirs, (name, kind) in SROIE_FIELDS.items():
            text = entry["entities"].get(theirs)
            if not text:
                sought.add(name)
            elif found := places_of(text, document):
                places[name] = found
                fields.append(_field(name, kind, text, found[0]))
            elif kind is FieldType.ADDRESS and (rest := rest_of(text, document)):
                places[name] = (rest,)
                fields.append(_field(name, kind, document.text(rest), rest))
        yield LabelledDocument(
            document, "sroie", "receipt", "en",
            fields=tuple(fields), places=places,
            sought=frozenset(sought | places.keys()),
            images=_images(data / entry["image"], RECEIPT_DPI) if images else (),
        )  # fmt: skip


def wildreceipt(data: Path, images: bool = False) -> Iterator[LabelledDocument]:
    """WildReceipt (Sun et al. 2021): every box has one of 25 classes."""
    classes = (data / "class_list.txt").read_text("utf-8").split()
    for entry in _lines(data / "labels.jsonl"):
        words: list[Word] = []
        owners: list[tuple[str, int]] = []
        for number, box in enumerate(entry["annotations"]):
            xs, ys = box["box"][::2], box["box"][1::2]
            corners = (min(xs), min(ys), max(xs), max(ys))
            own = list(_split(box["text"], corners, RECEIPT_DPI))
            words += own
            owners += [(classes[box["label"]], number)] * len(own)
        scale = 72 / RECEIPT_DPI
        size = (entry["width"] * scale, entry["height"] * scale)
        document, refs = _arranged(words, size, entry["file_name"], RECEIPT_DPI)
        places: dict[str, list[tuple[WordRef, ...]]] = {}
        for (label, _), group in groupby(zip(owners, refs, strict=True), key=lambda pair: pair[0]):
            if label in WILDRECEIPT_FIELDS:
                name, _ = WILDRECEIPT_FIELDS[label]
                places.setdefault(name, []).append(tuple(ref for _, ref in group))
        types = dict(WILDRECEIPT_FIELDS.values())
        whole = {name: _alternatives(document, pieces) for name, pieces in places.items()}
        yield LabelledDocument(
            document, "wildreceipt", "receipt", "en",
            fields=tuple(
                _field(name, types[name], document.text(found[0]), found[0])
                for name, found in whole.items()
            ),
            places=whole,
            sought=frozenset(types),
            images=_images(data / entry["file_name"], RECEIPT_DPI) if images else (),
        )  # fmt: skip


def _alternatives(
    document: Document, pieces: Sequence[tuple[WordRef, ...]]
) -> tuple[tuple[WordRef, ...], ...]:
    """Boxes of one class: the same text several times is several places, else parts of one."""
    if len({key(document.text(piece)) for piece in pieces}) == 1:
        return tuple(pieces)
    return (tuple(sorted_refs(ref for piece in pieces for ref in piece)),)


def squad(path: Path) -> Iterator[LabelledDocument]:
    """SQuAD's JSON (versions 1.1 and 2.0), each paragraph as a page of its own."""
    for article in _loaded(path)["data"]:
        for number, paragraph in enumerate(article["paragraphs"]):
            name = f"{article.get('title', path.stem)}#{number}"
            document, starts = text_page(paragraph["context"], name)
            questions = tuple(
                Question(asked["question"], tuple(_answers(asked, document, starts)), "squad")
                for asked in paragraph["qas"]
            )
            yield LabelledDocument(document, "squad", questions=questions)


def page_texts(entries: Sequence[Mapping[str, Any]], name: str) -> Iterator[LabelledDocument]:
    """Texts of pages with questions whose answers have no place: DocVQA, as far as it is text."""
    for number, entry in enumerate(entries):
        try:
            document, _ = text_page(entry["context"], f"{name}-{number}")
            questions = tuple(
                Question(q["question"], tuple(Span(a["text"], ()) for a in q["answers"]), "page")
                for q in entry["qas"]
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{name}.json, entry {number + 1}: no {error}") from error
        yield LabelledDocument(document, "docvqa", questions=questions)


def squad_tokens(contexts: Path) -> Iterator[LabelledDocument]:
    """SQuAD cut into tokens: line by line a paragraph, a question, and its first and last token."""
    lines = [
        contexts.with_suffix(suffix).read_text("utf-8").splitlines()
        for suffix in (".context", ".question", ".span")
    ]
    if len({len(each) for each in lines}) != 1:
        raise UsageError(f"{contexts}: its questions or spans are not as many as its paragraphs")
    asked: dict[str, list[tuple[str, list[int]]]] = {}
    for context, question, span in zip(*lines, strict=True):
        if context and len(span.split()) == 2:
            asked.setdefault(context, []).append((question, [int(at) for at in span.split()]))
    for number, (context, questions) in enumerate(asked.items()):
        # One name for all parts would keep all or none of them for checking.
        document, _ = text_page(context, f"{contexts.parent.name}-{number}")
        refs = list(document.refs())
        yield LabelledDocument(
            document,
            "squad",
            questions=tuple(
                Question(text, (Span(document.text(words), words),), "squad")
                for text, (first, last) in questions
                if (words := tuple(refs[first : last + 1]))
            ),
        )


def _answers(asked: Mapping[str, Any], document: Document, starts: Sequence[int]) -> Iterator[Span]:
    for answer in asked["answers"]:
        first, last = answer["answer_start"], answer["answer_start"] + len(answer["text"])
        words = document.pages[0].words
        refs = tuple(
            WordRef(0, w)
            for w, start in enumerate(starts)
            if start < last and start + len(words[w].text) > first
        )
        if refs:
            yield Span(answer["text"], refs)


def bio(path: Path) -> Iterator[LabelledDocument]:
    """A word and its tag a line, tab or space between; blank lines part the documents.

    With four numbers between word and tag (a box in points) the words stand there, without
    them they are laid out as a text. Tags of a form (B-QUESTION ...) become entities, all
    others fields.
    """
    documents = path.read_text("utf-8").split("\n\n")
    for number, lines in enumerate(documents):
        rows = [line.split() for line in lines.splitlines() if line.split()]
        if not rows:
            continue
        if any(len(row) not in (2, 6) for row in rows):
            raise UsageError(f"{path}: a line must be WORD TAG or WORD X0 Y0 X1 Y1 TAG")
        try:
            tags = spans_of_tags([row[-1] for row in rows])
            if len(rows[0]) == 6:
                boxes = [Box(*map(float, row[1:5])) for row in rows]
                words = [Word(row[0], box) for row, box in zip(rows, boxes, strict=True)]
                document, refs = _arranged(words, None, f"{path.stem}-{number}", None)
            else:
                document, _ = text_page(" ".join(row[0] for row in rows), f"{path.stem}-{number}")
                refs = list(document.refs())
        except (ValueError, TypeError) as error:
            raise UsageError(f"{path}, document {number + 1}: {error}") from error
        yield _tagged(document, [(tag, refs[a:b]) for tag, a, b in tags])


def _tagged(document: Document, spans: Sequence[tuple[str, Sequence[WordRef]]]) -> LabelledDocument:
    names = {label.name for label in EntityLabel}
    if spans and all(label in names for label, _ in spans):
        entities = tuple(Entity(EntityLabel[label], tuple(refs)) for label, refs in spans)
        return LabelledDocument(document, "bio", entities=entities)
    places: dict[str, list[tuple[WordRef, ...]]] = {}
    for label, refs in spans:
        places.setdefault(label.lower(), []).append(tuple(refs))
    return LabelledDocument(
        document,
        "bio",
        fields=tuple(
            _field(name, FieldType.STRING, document.text(found[0]), found[0])
            for name, found in places.items()
        ),
        places={name: tuple(found) for name, found in places.items()},
        sought=frozenset(places),
    )


def corrections(path: Path) -> Iterator[LabelledDocument]:
    """What `docai extract --with-words` said, one document a line, with the errors put right.

    A field's place is its evidence; where a person typed a value without showing its place,
    it is looked for among the words.
    """
    for number, value in enumerate(_lines(path), 1):
        try:
            document = document_from_json({"tables": [], "warnings": [], **value})
            fields, places = [], {}
            for entry in value.get("fields", ()):
                text = str(entry.get("text") or entry["value"])
                found = _shown(entry, document) or places_of(text, document)
                if found:
                    name, kind = entry["name"], FieldType(entry.get("type", "string"))
                    places[name] = found
                    fields.append(_field(name, kind, text, found[0]))
            sought = {entry["name"] for entry in value.get("fields", ())}
            label = value.get("label")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{path}, line {number}: not a document of `docai extract --with-words`: {error}"
            ) from error
        yield LabelledDocument(
            document,
            "corrections",
            kind=label["name"] if label else None,
            fields=tuple(fields),
            places=places,
            sought=frozenset(sought),
        )


def _shown(entry: Mapping[str, Any], document: Document) -> tuple[tuple[WordRef, ...], ...]:
    page_of = {page.number: index for index, page in enumerate(document.pages)}
    refs = tuple(
        WordRef(page_of[piece["page"]], word)
        for piece in entry.get("evidence", ())
        for word in piece["words"]
    )
    return (refs,) if refs else ()


def text_page(text: str, name: str) -> tuple[Document, list[int]]:
    """A text set in lines on one page, and where in `text` each word begins."""
    words, starts = [], []
    x, y = TEXT_MARGIN, TEXT_MARGIN
    at = 0
    for part in text.split():
        at = text.index(part, at)
        width = len(part) * LETTER_WIDTH
        if x > TEXT_MARGIN and x + width > TEXT_MARGIN + TEXT_WIDTH:
            x, y = TEXT_MARGIN, y + LINE_PITCH
        words.append(Word(part, Box(x, y, x + width, y + LINE_HEIGHT)))
        starts.append(at)
        x += width + LETTER_WIDTH
        at += len(part)
    right = max((w.box.right for w in words), default=0.0) + TEXT_MARGIN
    width = max(right, TEXT_WIDTH + 2 * TEXT_MARGIN)
    page = Page(1, width, y + LINE_PITCH + TEXT_MARGIN, tuple(words))
    return Document(Source(name, "", "text/plain", 0), (page,)), starts


def sorted_refs(refs: Iterable[WordRef]) -> tuple[WordRef, ...]:
    """In reading order."""
    return tuple(sorted(refs, key=lambda ref: (ref.page, ref.word)))


def _form(
    rows: Sequence[Mapping[str, Any]],
    name: str,
    origin: str,
    dpi: float,
    size: tuple[float, float] | None,
) -> LabelledDocument:
    """Entities without a single letter are left out, and so are links to them."""
    words: list[Word] = []
    runs: list[tuple[Mapping[str, Any], range]] = []
    for row in rows:
        own = [
            Word(word["text"].strip(), box_from_pixels(*_upright(word["box"]), dpi=dpi))
            for word in row["words"]
            if word["text"].strip()
        ]
        if own:
            runs.append((row, range(len(words), len(words) + len(own))))
            words += own
    document, refs = _arranged(words, size, name, dpi)
    entities = tuple(
        Entity(EntityLabel(row["label"]), sorted_refs(refs[i] for i in run)) for row, run in runs
    )
    index = {row["id"]: i for i, (row, _) in enumerate(runs)}
    links = {
        Link(index[a], index[b])
        for row, _ in runs
        for a, b in row["linking"]
        if a in index and b in index
        if entities[index[a]].label is EntityLabel.QUESTION
        if entities[index[b]].label is EntityLabel.ANSWER
    }
    ordered = tuple(sorted(links, key=lambda link: (link.question, link.answer)))
    return LabelledDocument(document, origin, "form", entities=entities, links=ordered)


def _arranged(
    words: Sequence[Word], size: tuple[float, float] | None, name: str, dpi: float | None
) -> tuple[Document, list[WordRef]]:
    """A document of one page in our reading order, and where each given word went."""
    right = max((word.box.right for word in words), default=1.0)
    bottom = max((word.box.bottom for word in words), default=1.0)
    width, height = size or (right, bottom)
    page = arrange(
        Page(
            number=1,
            width=max(width, right),
            height=max(height, bottom),
            words=tuple(words),
            text_source=TextSource.OCR,
            dpi=dpi,
        )
    )
    place = {id(word): i for i, word in enumerate(page.words)}
    return Document(Source(name, "", "image/png", 0), (page,)), [
        WordRef(0, place[id(word)]) for word in words
    ]


def _split(text: str, box: Sequence[float], dpi: float) -> Iterator[Word]:
    """The line's words, each with the share of the box that its letters take."""
    left, top, right, bottom = _upright(box)
    per_letter = (right - left) / max(1, len(text))
    position = 0
    for part in text.split(" "):
        if part:
            start, end = left + position * per_letter, left + (position + len(part)) * per_letter
            yield Word(part, box_from_pixels(start, top, end, bottom, dpi=dpi))
        position += len(part) + 1


def _upright(box: Sequence[float]) -> tuple[float, float, float, float]:
    """Some annotated boxes have their corners exchanged."""
    a, b, c, d = box
    return min(a, c), min(b, d), max(a, c), max(b, d)


def _field(name: str, kind: FieldType, text: str, refs: Sequence[WordRef]) -> Field:
    return Field(name, kind, typed(text, kind), text, 1.0, tuple(refs))


def typed(text: str, kind: FieldType) -> Value:
    """The value as the tasks type it, or the text where it cannot be read as one."""
    from docai.tasks.amounts import find_money
    from docai.tasks.dates import find_dates

    if kind is FieldType.DATE:
        days = find_dates(text, compact=True)
        value: Value | None = days[0].value if days else None
    elif kind in (FieldType.MONEY, FieldType.NUMBER):
        sums = find_money(text, ".")
        money = sums[0].value if sums else None
        value = money.amount if money and kind is FieldType.NUMBER else money
    else:
        value = None
    return text if value is None else value


def _pixels(path: Path, dpi: float) -> PageImage:
    import numpy as np
    from PIL import Image

    with Image.open(path) as picture:
        return PageImage(np.asarray(picture.convert("RGB")), dpi)


def _images(path: Path, dpi: float) -> tuple[PageImage, ...]:
    return (_pixels(path, dpi),) if path.is_file() else ()


def pictures(folders: Iterable[Path], names: Iterable[str]) -> dict[str, PageImage]:
    """The pictures of these documents, by name, where they lie in one of the folders."""
    found = {}
    for name in names:
        for folder in folders:
            paths = [folder / name, *folder.glob(f"**/images/{glob.escape(name)}.png")]
            if path := next(filter(Path.is_file, paths), None):
                found[name] = _pixels(path, FUNSD_DPI)
    return found


def _loaded(path: Path, *kinds: type[Any]) -> Any:
    """An object, unless other kinds are named."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(values, kinds or dict):
        raise UsageError(f"{path} holds no JSON object")
    return values


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise UsageError(f"{path}, line {number}: no JSON: {error}") from error
