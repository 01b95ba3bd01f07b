"""Postal addresses: which lines of a page are one, and what its lines are.

An address is found by its line with a postal code and a town, and read upwards from there:
street, perhaps more lines, and the name on top. Senders on one small line over the
recipient's window ("Muster GmbH · Weg 1 · 12345 Ort") are read from left to right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from docai.geometry import Box
from docai.results import Span
from docai.tasks.context import Context
from docai.tasks.labels import Hit
from docai.tasks.lexicon import lexicon
from docai.tasks.sheet import Run, Sheet, join
from docai.tasks.text import key

MAX_ADDRESSES = 40  # of a document; who needs more has a list of addresses, not a letter
MAX_LINES = 8  # of one address, the name included
MAX_LINE = 150  # characters of a line with a town
LINE_GAP = 2.2  # word heights between two lines of one address; a blank line before the town fits
FIRST_GAP = 2.6  # word heights between a label and the first line under it
ALIGNED = 1.5  # word heights between the left edges (or middles) of its lines
INDENT = 4.0  # word heights by which lines may stand further in than their label
NEAR = 20.0  # word heights between a label and lines that begin beside it
LINKED = 4.0  # word heights between parts of a sender's line
TITLE_WORDS = 4  # "A la atención de"
LINES_BESIDE = 6  # below an address that may hold its telephone or tax number
PARTY_LABELS = frozenset({"vendor", "customer", "billing", "shipping", "vendor_address"})
LEADS_ON = ("to", "from", "an", "by", "a", "par")  # "Bill to Jane Doe" needs no colon

_TOWN = r"[^\W\d_][\w.'’()/-]*(?: [^\W\d_][\w.'’()/-]*){0,4}"
# Codes behind the town, beside those of the United States.
_LATE_CODE = (
    rf"{_TOWN},? (?:NSW|QLD|VIC|TAS|ACT|NT|SA|WA),? \d{{4}}(?!\d)"  # AU: Town QLD 2999
    rf"|{_TOWN},? (?:[A-Z]{{2,3}} )?[A-Z]\d[A-Z] ?\d[A-Z]\d"  # CA: Town ON K1A 0B1
    rf"|(?:{_TOWN},? )?[A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}}(?![A-Za-z])"  # UK: SW1A 1AA
)
# "Order ID 10234" is no town; with its comma, a town is.
_LATE = re.compile(rf"(?:^|[\s,;|•●·-])(?:{_TOWN}, [A-Z]{{2}},? \d{{5}}(?!\d)|{_LATE_CODE})")
_POSTAL = re.compile(
    rf"(?:^|[\s,;|•●·-])(?:"
    rf"(?:[A-Z]{{1,3}}[- ]{{1,3}})?\d{{5}}(?:-\d{{4}})?,? ?{_TOWN}"  # DE FR ES IT MY: 12345 Town
    rf"|(?:[A-Z]{{1,2}}[- ])\d{{4}},? {_TOWN}"  # A-1010 Wien
    rf"|(?<![\d.,])\d{{4}} (?:[A-Z]{{2}} )?{_TOWN}"  # CH AT BE DK; NL: 1011 AB Amsterdam
    rf"|{_TOWN},? [A-Z]{{2}},? \d{{5}}(?:-\d{{4}})?(?!\d)"  # US: Town, ST 12345
    rf"|{_LATE_CODE}"
    rf"|(?<=[^\W\d_],\s)\d{{5}}(?=$|[,.;])"  # MY: "... Johor Bahru, 81100, Johor"
    rf")"
)
_CHINESE = re.compile(r"[一-鿿]{2,}(?:省|市|区|县|镇|路|街|道|巷|弄)[一-鿿]*\d+[一-鿿]*")
_MARK = re.compile(r"[•●·∙▪|;–—*-]")
_SEPARATOR = re.compile(r"\s*[•●·∙▪|;*]\s*|\s+[–—-]\s+")
_COMMA = re.compile(r",\s+")


@dataclass(frozen=True, slots=True)
class Address:
    """The lines of an address, top to bottom, and the name among them."""

    page: int
    box: Box
    lines: tuple[Span, ...]
    name: Span | None
    label: Hit | None  # what stands above it or in front of it: "Bill to"
    one_line: bool = False
    beside: tuple[Run, ...] = ()  # lines that belong to the same party and are no address

    @property
    def postal(self) -> Span | None:
        """Street to country, without the name; None where nothing else is known."""
        taken = set(self.name.evidence) if self.name else set()
        lines = [
            line
            for line in self.lines
            if not taken.intersection(line.evidence)
            and _without_title(line) is not None
            and not (taken and _is_attention(line.text))
        ]
        return join(lines, ", ") if lines else None


def is_postal(text: str) -> bool:
    """It holds a postal code with its town, or a Chinese street with its number."""
    if len(text) > MAX_LINE or not any(c.isdigit() for c in text):
        return False
    return bool(_POSTAL.search(text) or _CHINESE.search(text))


def _is_street_above(text: str, below: str) -> bool:
    """“55235 Ronald Coves” above "East Lori, WA 79790": its number is a house's."""
    return bool(_LATE.search(below)) and not _LATE.search(text)


def _is_street(text: str) -> bool:
    words = [key(word) for word in re.split(r"[\s,.]+", text) if word]
    streets = lexicon().streets
    named = any(
        word in streets
        or word.endswith(("strasse", "strase", "str", "weg", "gasse", "platz", "allee"))
        for word in words
    )
    return named and any(c.isdigit() for c in text)


def _without_title(line: Span) -> Span | None:
    """The line without "Herrn" or "Attn:" in front; None where nothing is left.

    "Firma" alone announces a name, "Société Dupont" is one.
    """
    if any(phrase.concept == "name" for phrase in lexicon().labels.by_key.get(key(line.text), ())):
        return None
    words = line.text.split()
    titles = lexicon().titles
    skip = 0
    while skip < len(words) and key(words[skip]) in titles:
        skip += 1
    rest = " ".join(words[skip:]).strip(" ,:;")
    if len(key(rest)) < 2:
        return None
    if len(line.evidence) == len(words):
        return Span(rest, line.evidence[skip:])
    return Span(rest, line.evidence)


def _is_attention(text: str) -> bool:
    """Who opens the letter there: "Attn. Jane Doe", "z. Hd. Frau Roth", "Accounts payable"."""
    if any(c.isdigit() for c in text):
        return False  # "An der Mühle 5"
    words = text.split()
    titles = lexicon().titles
    starts = {key("".join(words[:count])) for count in range(1, min(len(words), TITLE_WORDS + 1))}
    return key(text) in lexicon().departments or not titles.isdisjoint(starts)


def addresses(context: Context) -> list[Address]:
    """The addresses of the document, page by page, MAX_ADDRESSES at most; no line is in two.

    On each page those under a label come first ("Bill to"), then those that only their town
    gives away.
    """
    return list(islice(_all_addresses(context), MAX_ADDRESSES))


def _all_addresses(context: Context) -> Iterator[Address]:
    for sheet in context.sheets:
        used: set[tuple[int, int]] = set()
        yield from _labelled(sheet, context, used)
        yield from _one_liners(sheet, used)
        yield from _stacks(sheet, context, used)


def party_label(run: Run, context: Context) -> Hit | None:
    """A label such as "Verkäufer:" or "Bill to" that opens this run; prose uses the words too."""
    for hit in context.hits_in(run):
        if hit.opens_run and PARTY_LABELS.intersection(hit.concepts):
            leads_on = hit.phrase.key.endswith(LEADS_ON) and hit.phrase.sure
            if hit.has_colon or hit.fills_run or leads_on:
                return hit
    return None


def _labelled(sheet: Sheet, context: Context, used: set[tuple[int, int]]) -> Iterator[Address]:
    for run in sheet.runs:
        label = party_label(run, context)
        if label is not None and not _is_used(run, used):
            address = _under(label, sheet, context, used)
            if address is not None:
                yield address


def _under(
    label: Hit, sheet: Sheet, context: Context, used: set[tuple[int, int]]
) -> Address | None:
    """The lines behind, beside or below a label, down to the town or the next label."""
    lines: list[Span] = []
    runs: list[Run] = []
    beside: list[Run] = []
    if not label.fills_run:
        lines.append(label.run.span(label.end))
        runs.append(label.run)
    for run in _lines_from(label, sheet, context):
        if party_label(run, context) or _is_used(run, used) or len(lines) >= MAX_LINES:
            break
        own_name = _named_line(run, context)
        if own_name is not None and not lines:
            lines.append(own_name)
            runs.append(run)
        elif _is_labelled_value(run, context) or not any(c.isalpha() for c in run.text):
            beside.append(run)
        elif any(is_postal(line.text) for line in lines) and not _is_street_above(
            lines[-1].text, run.text
        ):
            if key(run.text) in lexicon().countries:
                lines.append(run.span())
                runs.append(run)
            else:
                beside.append(run)
        else:
            lines.append(run.span())
            runs.append(run)
    towns = [n for n, line in enumerate(lines) if is_postal(line.text)]
    if not towns:
        # How far it goes is unknown: only its first line is safe.
        lines, runs = lines[:1], runs[:1]
    if not lines:
        return None
    return _taken(sheet, lines, runs, label, beside, context, used)


def _lines_from(label: Hit, sheet: Sheet, context: Context) -> Iterator[Run]:
    """The lines below a label, or those that begin beside it: "Buyer:   Jane Doe"."""
    below = list(islice(_neighbours(label.run, sheet, +1, FIRST_GAP, INDENT), MAX_LINES))
    row = sheet.rows[label.run.row]
    position = row.index(label.run) + 1
    beside = row[position] if label.fills_run and position < len(row) else None
    if beside is None or _is_label(beside, context) or not _is_near(label, beside, sheet):
        return iter(below)
    under = list(islice(_neighbours(beside, sheet, +1), MAX_LINES))
    goes_on = under and (not below or under[0].row < below[0].row or under[0] == below[0])
    return iter([beside, *under]) if goes_on or not below else iter(below)


def _is_near(label: Hit, beside: Run, sheet: Sheet) -> bool:
    return beside.box.left - label.run.box.right < NEAR * sheet.word_height


def _is_label(run: Run, context: Context) -> bool:
    return party_label(run, context) is not None or _is_labelled_value(run, context)


def _named_line(run: Run, context: Context) -> Span | None:
    """What stands behind "Name:" or "Firma:" within a party's lines."""
    for hit in context.hits_in(run):
        if hit.opens_run and hit.has_colon and hit.means("name") and not hit.fills_run:
            return run.span(hit.end)
    return None


def _is_labelled_value(run: Run, context: Context) -> bool:
    """A labelled value ("GLN 43337", "Kunden-Nr.: 9420") is no line of an address."""
    if "@" in run.text or "www." in run.text.lower():
        return True
    for hit in context.hits_in(run):
        if hit.opens_run and not PARTY_LABELS.intersection(hit.concepts):
            rest = run.text[hit.stop :]
            if (
                hit.has_colon
                or hit.fills_run
                or (hit.phrase.sure and any(c.isdigit() for c in rest))
            ):
                return True
    return run.text.rstrip().endswith((":", "："))


def _is_used(run: Run, used: set[tuple[int, int]]) -> bool:
    return (run.row, run.words[0]) in used


def _one_liners(sheet: Sheet, used: set[tuple[int, int]]) -> Iterator[Address]:
    """Senders' lines: name, street and town on one line, dots or strokes between them."""
    for row in sheet.rows:
        for line in _lines_with_marks(row, sheet):
            if any(_is_used(run, used) for run in line):
                continue
            marked = _is_marked(line)
            parts = _parts(line, _SEPARATOR if marked else _COMMA)
            towns = [n for n, part in enumerate(parts) if is_postal(part.text)]
            # "Springfield, IL 62704" and "Unit 4, 22 Baker Street, London" have commas as well.
            named = is_name_like(parts[0].text) if parts else False
            if not marked:
                named = named and len(parts) > 2 and not any(c.isdigit() for c in parts[0].text)
            if named and towns and towns[0] >= (1 if marked else 2):
                kept = tuple(parts[: towns[0] + 1])
                if towns[0] + 1 < len(parts) and _is_country(parts[towns[0] + 1].text):
                    kept = (*kept, parts[towns[0] + 1])
                name: Span | None = kept[0]
                if towns[0] == 1 and any(c.isdigit() for c in kept[0].text):
                    name = _name_above(line[0], sheet)  # the line begins with the street
                    if name is None:
                        continue
                    kept = (name, *kept)
                used.update((run.row, run.words[0]) for run in line)
                box = Box.enclosing(run.box for run in line)
                yield Address(sheet.index, box, kept, name, None, one_line=True)


def _name_above(run: Run, sheet: Sheet) -> Span | None:
    above = next(_neighbours(run, sheet, -1), None)
    if above is None or not is_name_like(above.text) or any(c.isdigit() for c in above.text):
        return None
    return None if key(above.text) in lexicon().kinds.by_key else above.span()


def _lines_with_marks(row: Sequence[Run], sheet: Sheet) -> Iterator[list[Run]]:
    """Runs of a row that a mark such as "•" links, or single runs with such a mark or commas."""
    group: list[Run] = []
    for run in row:
        linked = group and (_ends_open(group[-1].text) or _MARK.match(run.text.strip()))
        if linked and run.box.left - group[-1].box.right < LINKED * sheet.word_height:
            group.append(run)
        else:
            if group:
                yield group
            group = [run]
    if group:
        yield group


def _ends_open(text: str) -> bool:
    stripped = text.strip()
    return bool(stripped) and bool(_MARK.match(stripped[-1]))


def _is_marked(line: Sequence[Run]) -> bool:
    return any(_SEPARATOR.search(run.text) or _ends_open(run.text) for run in line)


def _parts(line: Sequence[Run], cut: re.Pattern[str]) -> list[Span]:
    """What stands between the marks."""
    parts = []
    for run in line:
        starts = [0, *(m.end() for m in cut.finditer(run.text))]
        ends = [*(m.start() for m in cut.finditer(run.text)), len(run.text)]
        for start, end in zip(starts, ends, strict=True):
            if any(c.isalnum() for c in run.text[start:end]):
                parts.append(run.span(start, end))
    return parts


def is_name_like(text: str) -> bool:
    """Letters for the most part, and neither a sentence nor a label."""
    letters = sum(c.isalpha() for c in text)
    plain = text.replace(" ", "")
    return letters >= 2 and letters >= 0.6 * len(plain) and len(text) <= 80 and "@" not in text


def _stacks(sheet: Sheet, context: Context, used: set[tuple[int, int]]) -> Iterator[Address]:
    """Lines close above one another, found from the town's line upwards."""
    for run in sheet.runs:
        if is_postal(run.text) and not _is_used(run, used) and not _is_labelled_value(run, context):
            below = next(_neighbours(run, sheet, +1), None)
            if below is None or not _is_street_above(run.text, below.text):
                yield _stack(run, sheet, context, used)


def _stack(town: Run, sheet: Sheet, context: Context, used: set[tuple[int, int]]) -> Address:
    lines = [_without_label(town, context)]
    runs = [town]
    for above in _neighbours(town, sheet, -1):
        if (
            _is_used(above, used)
            or len(lines) >= MAX_LINES
            or party_label(above, context)
            or _is_labelled_value(above, context)
            or (
                is_postal(above.text)
                and not _is_street(above.text)
                and not _is_street_above(above.text, runs[-1].text)
            )
        ):
            break
        lines.insert(0, above.span())
        runs.append(above)
    below = list(islice(_neighbours(town, sheet, +1), LINES_BESIDE))
    if below and _is_country(below[0].text):
        lines.append(below[0].span())
        runs.append(below.pop(0))
    return _taken(sheet, lines, runs, None, below, context, used)


def _taken(
    sheet: Sheet,
    lines: Sequence[Span],
    runs: Sequence[Run],
    label: Hit | None,
    beside: Sequence[Run],
    context: Context,
    used: set[tuple[int, int]],
) -> Address:
    """The address of these lines, whose runs belong to no other one from now on."""
    used.update((run.row, run.words[0]) for run in runs)
    box = Box.enclosing(run.box for run in runs)
    name = _name(lines, context, labelled=label is not None)
    return Address(sheet.index, box, tuple(lines), name, label, beside=tuple(beside))


def _is_country(text: str) -> bool:
    return any(key(part) in lexicon().countries for part in re.split(r"[/,|]", text))


def _without_label(run: Run, context: Context) -> Span:
    """The run without a label that opens it: "Address: 12 High Street ..."."""
    hit = next((h for h in context.hits_in(run) if h.opens_run and h.has_colon), None)
    return run.span(hit.end) if hit is not None and hit.end < len(run.text) else run.span()


def _name(lines: Sequence[Span], context: Context, *, labelled: bool) -> Span | None:
    """The first line that is neither street nor town nor a form of address.

    A line before the street that recurs elsewhere in the document is preferred: letterheads
    put a brand or a department above the name under which the business signs. Under a label
    the first line is the name.
    """
    options: list[Span] = []
    above = ""  # the last option as it stands on the page
    for line in lines:
        if is_postal(line.text) or _is_street(line.text):
            break
        bare = _without_title(line)
        if options and (_is_form(line.text) or _goes_on(above, line.text)):
            whole = Span(above, options[-1].evidence) if above.endswith(",") else options[-1]
            options[-1], above = join([whole, line]), line.text
        elif bare is not None and is_name_like(bare.text):
            options.append(bare)
            above = line.text
    recurring = [] if labelled else [name for name in options if context.count(name.text) > 1]
    return next(iter(recurring or options), None)


def _goes_on(name: str, below: str) -> bool:
    """Whether a name is cut, as "Holmes," above "Fisher and Singh"."""
    return name.endswith(("&", ",", " and", " und", " et", " y")) or below.startswith("&")


def _is_form(text: str) -> bool:
    """A legal form that found no room on the line of its name."""
    words = [key(word) for word in re.split(r"[\s.,&]+", text) if word]
    return bool(words) and all(word in lexicon().organisations for word in words)


def _neighbours(
    run: Run, sheet: Sheet, step: int, first_gap: float = LINE_GAP, reach: float = ALIGNED
) -> Iterator[Run]:
    """Runs above (-1) or below (+1), each close to the last and in line with it."""
    current, allowed = run, first_gap
    number = run.row + step
    while 0 <= number < len(sheet.rows):
        height = max(sheet.word_height, run.box.height)
        if -sheet.row_box(number).overlap_y(current.box) > allowed * height:
            return
        close = [r for r in sheet.rows[number] if _is_in_line(r, current, reach * height)]
        if close:
            current = min(close, key=lambda r: abs(r.box.left - current.box.left))
            allowed = LINE_GAP
            yield current
        number += step


def _is_in_line(a: Run, b: Run, reach: float) -> bool:
    """Left edges, right edges or middles meet."""
    return a.box.overlap_x(b.box) > 0 and (
        abs(a.box.left - b.box.left) <= reach
        or abs(a.box.right - b.box.right) <= reach
        or abs(a.box.centre[0] - b.box.centre[0]) <= reach
    )
