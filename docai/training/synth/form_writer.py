"""What a form is filled in with: its labels, the values written behind them, and the pens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from docai.training.labelled import EntityLabel
from docai.training.synth.faces import faces
from docai.training.synth.marks import HAND, EntityMark, Mark
from docai.training.synth.pages import A4, LETTER
from docai.training.synth.regions import coded, iban
from docai.training.synth.style import hand, writable
from docai.training.synth.typeset import BLACK, Bit, Ink
from docai.training.synth.writer import Writer

PROSE = ("phrase", "topic")  # kinds of values that may be whole sentences ...
LONG = (*PROSE, "street", "company")  # ... and those that want a row of their own


@dataclass(frozen=True, slots=True)
class Entry:
    """A label and its value; an empty value was not filled in."""

    label: str
    value: str
    long: bool = False
    prose: bool = False  # whether whole sentences would do


class FormWriter:
    """The random choices that hold for a whole form, and ways to write its pairs."""

    def __init__(self, writer: Writer) -> None:
        self.w, self.random = writer, writer.random
        self.bank = writer.words["forms"]
        self.paper = LETTER if writer.region.letter_paper else A4
        side = self.random.choice((36, 44, 52, 60, 72))
        self.margins = (
            side,
            self.random.choice((30, 40, 54)),
            side,
            self.random.choice((28, 36, 48)),
        )
        self.width = self.paper[0] - 2 * side
        self.label_ink = self._label_ink()
        self.answer_ink, self.is_hand = self._answer_ink()
        if writer.language != "zh" and not self.is_hand and writer.chance(0.3):
            face = self.random.choice(faces().of("mono")).regular  # all of it by one typewriter
            self.label_ink = self.answer_ink = Ink(face, writer.style.size, BLACK, 1.15)
        self.line = self.random.choice(("line", "line", "dots", "none"))
        self.filled = self.random.choice((0.0, 0.5, 0.8, 0.9, 0.95, 1.0, 1.0))
        self.capitals = writer.chance(0.25)
        self.colon = self.random.choice((":", ":", "", " :" if writer.language == "fr" else ":"))
        if writer.language == "zh":
            self.colon = self.random.choice(("：", "：", ""))
        self.row = self.random.choice((1.25, 1.5, 1.8, 2.2))  # line heights of one entry
        self.noted = self.random.choice((0.0, 0.1, 0.2, 0.5))  # labels with a note in brackets
        self.talkative = self.random.choice((0.0, 0.3, 0.6, 0.9, 1.0))
        self.narrow = self.random.choice((0.15, 0.25, 0.5, 0.5))  # most of the width for a label
        self.lead = self.random.choice((0, 0, 1, 2, 4, 8))  # spaces more between label and value
        self.tick_style = self.random.random()
        self.spaced = self.random.choice((0.0, 0.0, 0.0, 0.15, 0.4))  # values typed in parts
        self.combed = self.random.choice((0.0, 0.0, 0.0, 0.5, 1.0))  # a box for every sign

    def _label_ink(self) -> Ink:
        style = self.w.style
        return self.random.choice((style.ink(), style.ink(0.9), style.bold(0.95), style.ink(0.8)))

    def _answer_ink(self) -> tuple[Ink, bool]:
        """A typewriter, a printer or a pen."""
        w, random, style = self.w, self.random, self.w.style
        kind = random.choices(("hand", "mono", "same", "bold", "other"), (4, 3, 3, 1, 2))[0]
        if kind == "hand":
            return hand(style.size * 1.2, random, language=w.language), True
        if kind == "mono" and w.language != "zh":
            return Ink(random.choice(faces().of("mono")).regular, style.size, BLACK, 1.15), False
        if kind == "bold":
            return style.bold(), False
        if kind == "other" and w.language != "zh":
            return Ink(random.choice(faces().of("sans", "serif")).regular, style.size * 1.05), False
        return style.ink(), False

    # --- values ---

    def value(self, kind: str) -> str:
        """What somebody would write into a field of this kind."""
        w, random = self.w, self.random
        people = w.people
        makers: dict[str, Callable[[], str]] = {
            "person": people.person,
            "last": people.last_name,
            "first": people.first_name,
            "town": people.town,
            "street": people.street,
            "postcode": people.postcode,
            "phone": people.phone,
            "state": people.town,
            "email": lambda: people.customer().email,
            "company": lambda: w.names["company"](),
            "birth": lambda: w.figures.date(w.today - timedelta(days=random.randint(6500, 30000))),
            "date": lambda: w.figures.date(w.date_near(-400, 200)),
            "month": lambda: f"{w.names['month']()} {w.names['year']()}",
            "year": lambda: str(random.randint(1975, w.today.year)),
            "time": lambda: f"{random.randint(7, 20)}:{random.choice(('00', '15', '30', '45'))}",
            "money": lambda: w.figures.money(Decimal(random.randint(200, 9_000_000)) / 100),
            "percent": lambda: w.figures.percent(Decimal(random.randint(1, 999)) / 10),
            "decimal": lambda: w.figures.number(Decimal(random.randint(1, 999)) / 100, 2),
            "number": lambda: w.figures.number(Decimal(random.randint(1000, 990000)), 0),
            "small": lambda: str(random.randint(1, 60)),
            "age": lambda: str(random.randint(1, 80)),
            "letter": lambda: random.choice("ABCDEFGHJKLMNPRSTW"),
            "initials": lambda: random.choice("ABCDEFGHJKLMNPRSTW") + random.choice("ABCDEFGHJKL"),
            "code": lambda: w.names["code"](),
            "longcode": lambda: coded("??###?#########", random),
            "iban": lambda: (
                iban(w.region, random) if w.region.iban else coded("#### #### ####", random)
            ),
            "bank": people.bank,
            "currency": lambda: w.region.currency,
            "mm": lambda: w.figures.number(Decimal(random.randint(50, 990)) / 10, 1) + " mm",
            "cm": lambda: f"{random.randint(150, 200)} cm",
            "kg": lambda: f"{random.randint(2, 980)} kg",
            "grams": lambda: w.figures.number(Decimal(random.randint(10, 9900)) / 1000, 3) + " g",
            "degrees": lambda: f"{random.randint(-20, 180)} °C",
            "pressure": lambda: f"{random.randint(90, 180)}/{random.randint(55, 99)}",
            "word": lambda: w.names["word"](),
            "maker": lambda: w.names["maker"](),
            "country": lambda: random.choice(w.words["countries"]),
            "nationality": lambda: random.choice(w.words["nationalities"]),
            "gender": lambda: random.choice(w.words["genders"]),
            "title": lambda: random.choice(w.words["titles"]),
        }
        text = makers[kind]() if kind in makers else w.some(w.words["values"][kind])
        return text.upper() if self.capitals and kind not in ("email", "mm", "kg") else text

    def entry(self, rule: str) -> Entry:
        label, kind = rule.rsplit("|", 1)
        label = self.w.say(label)
        label = label[0].upper() + label[1:]
        if self.w.chance(self.noted):
            label += self.random.choice(" \n") + f"({self.w.some(self.bank['notes'])})"
        value = self.said(kind) if self.w.chance(self.filled) else ""
        return Entry(label, value, kind in LONG, kind in PROSE)

    def said(self, kind: str) -> str:
        """A value, or as much as some people write: whole sentences, a list, a whole address."""
        if not self.w.chance(self.talkative):
            return self.value(kind)
        if kind in PROSE and self.w.chance(0.5):
            return self.w.prose("business", self.random.randint(1, 4))
        if kind in PROSE:
            between = self.random.choice(("; ", "\n"))
            return between.join(self.value("phrase") for _ in range(self.random.randint(2, 4)))
        if kind == "street":
            return self.address()
        if kind == "company" and self.w.chance(0.5):
            return f"{self.value(kind)}\n{self.address()}"
        if kind == "person" and self.w.chance(0.4):
            between = self.random.choice((", ", "\n"))
            parts = self.random.sample(("job", "department", "town"), self.random.choice((1, 1, 2)))
            return between.join(self.value(part) for part in (kind, *parts))
        return self.value(kind)

    def address(self) -> str:
        """In one line or in two."""
        street, code, town = (self.value(part) for part in ("street", "postcode", "town"))
        return street + self.random.choice((", ", "\n")) + f"{code} {town}"

    def entries(self, section: dict[str, list[str]], count: int) -> list[Entry]:
        labels = section["labels"]
        chosen = sorted(self.random.sample(range(len(labels)), min(count, len(labels))))
        if self.w.chance(0.3):
            self.random.shuffle(chosen)
        entries = [self.entry(str(labels[i])) for i in chosen]
        return list({entry.label: entry for entry in entries}.values())

    # --- the two sides of a pair ---

    def question(self, label: str, colon: bool = True) -> tuple[Bit, EntityMark]:
        mark = EntityMark(EntityLabel.QUESTION)
        text = label + (self.colon if colon and label[-1] not in "?:." else "")
        return Bit(text, self.label_ink, (mark,)), mark

    def answer(self, value: str, *questions: EntityMark, pairs: bool = True) -> tuple[Bit, ...]:
        if not value:
            return ()
        mark = EntityMark(EntityLabel.ANSWER, questions, pairs)
        marks: tuple[Mark, ...] = (mark, HAND) if self.is_hand else (mark,)
        if self.is_hand and self.w.language != "zh":
            value = writable(value, self.answer_ink.face)
        return tuple(
            Bit(part, self.answer_ink, marks, lead=lead) for part, lead in self._parts(value)
        )

    def _parts(self, value: str) -> list[tuple[str, float]]:
        """Of a value, what stands together, and the room left before it."""
        if self.w.language == "zh":
            return [(value, 0.0)]
        space = self.answer_ink.size * 0.5
        is_number = 4 <= len(value) <= 12 and value.isalnum() and value[-1].isdigit()
        if is_number and self.w.chance(self.combed):
            lead = space * self.random.choice((1, 1.5, 2.5))
            return [(sign, lead if i else 0.0) for i, sign in enumerate(value)]
        words = value.split(" ")
        if len(words) < 2 or "\n" in value or not self.w.chance(self.spaced):
            return [(value, 0.0)]
        cut = self.random.randrange(1, len(words))
        lead = space * self.random.choice((2, 3, 5, 8))
        return [(" ".join(words[:cut]), 0.0), (" ".join(words[cut:]), lead)]

    @property
    def entry_height(self) -> float:
        return self.w.style.size * self.row + 2
