"""How one document looks: typefaces, sizes, colours, borders. Drawn once for each document."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from random import Random

from docai.training.synth.faces import Face, Family, faces
from docai.training.synth.typeset import BLACK, Colour, Ink

# Colours that companies print with; the ground is the pale one.
ACCENTS: tuple[tuple[Colour, Colour], ...] = (
    ((0.10, 0.18, 0.36), (0.90, 0.92, 0.96)),
    ((0.55, 0.08, 0.10), (0.97, 0.91, 0.90)),
    ((0.07, 0.38, 0.26), (0.89, 0.95, 0.91)),
    ((0.00, 0.36, 0.58), (0.88, 0.94, 0.98)),
    ((0.85, 0.42, 0.05), (0.99, 0.94, 0.87)),
    ((0.30, 0.20, 0.45), (0.94, 0.91, 0.97)),
    ((0.00, 0.45, 0.47), (0.87, 0.95, 0.95)),
    ((0.35, 0.24, 0.12), (0.96, 0.93, 0.88)),
    ((0.20, 0.20, 0.20), (0.92, 0.92, 0.92)),
    ((0.10, 0.10, 0.10), (0.85, 0.85, 0.85)),
)
GREYS: tuple[tuple[Colour, Colour], ...] = ACCENTS[-2:]


@dataclass(frozen=True, slots=True)
class Style:
    """`size` is that of plain text; everything else is relative to it."""

    body: Family
    heading: Family
    size: float
    leading: float
    accent: Colour
    ground: Colour
    line: Colour
    line_width: float
    coloured: bool

    def ink(self, scale: float = 1.0, colour: Colour = BLACK) -> Ink:
        return Ink(self.body.regular, self.size * scale, colour, self.leading)

    def bold(self, scale: float = 1.0, colour: Colour = BLACK) -> Ink:
        return Ink(self.body.bold, self.size * scale, colour, self.leading)

    def italic(self, scale: float = 1.0, colour: Colour = BLACK) -> Ink:
        return Ink(self.body.italic, self.size * scale, colour, self.leading)

    def title(self, scale: float, colour: Colour | None = None) -> Ink:
        return Ink(self.heading.bold, self.size * scale, colour or self.accent, 1.15)


def style_for(language: str, random: Random, *, typewriter: float = 0.1) -> Style:
    """`typewriter` is how often a fixed pitch is used."""
    if language == "zh":
        body = random.choice(faces().of("chinese"))
        heading = random.choice(faces().of("chinese")) if random.random() < 0.3 else body
    else:
        kind = random.choices(
            ("sans", "serif", "mono"), (0.72 - typewriter / 2, 0.28 - typewriter / 2, typewriter)
        )[0]
        body = random.choice(faces().of(kind))
        heading = random.choice(faces().of("sans", "serif")) if random.random() < 0.3 else body
    coloured = random.random() < 0.6
    accent, ground = random.choice(ACCENTS if coloured else GREYS)
    size = random.choice((7.5, 8.0, 8.5, 8.5, 9.0, 9.0, 9.5, 10.0, 10.0, 10.5, 11.0))
    if any(word in body.name for word in ("DejaVu", "Mono", "Cursor", "Courier", "Bookman")):
        size = min(size, 9.0)
    return Style(
        body,
        heading,
        size,
        random.choice((1.15, 1.2, 1.25, 1.35, 1.45)),
        accent if coloured else BLACK,
        ground,
        accent
        if coloured and random.random() < 0.5
        else random.choice(((0.6, 0.6, 0.6), BLACK, (0.3, 0.3, 0.3))),
        random.choice((0.3, 0.5, 0.5, 0.75, 1.0)),
        coloured,
    )


# Some handwritten faces are small for their size.
HAND_SCALE = {"Build": 1.35, "Create": 1.35, "Connect": 1.1, "Learn": 0.85, "Mentor": 1.2,
              "Organize": 1.1, "Breip": 1.25, "DKG": 1.0}  # fmt: skip
UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
PENS: tuple[Colour, ...] = (
    (0.08, 0.12, 0.45),
    (0.05, 0.05, 0.08),
    (0.10, 0.15, 0.55),
    (0.15, 0.15, 0.2),
)


def hand(size: float, random: Random, *, language: str = "en") -> Ink:
    """A pen: one face and colour for a whole document. No hand here writes Chinese."""
    family = random.choice(faces().of("chinese" if language == "zh" else "hand"))
    scale = HAND_SCALE.get(family.name, 1.0) * 1.15
    return Ink(family.regular, size * scale, random.choice(PENS), 1.1)


def writable(text: str, face: Face) -> str:
    """The text as a hand writes it that has no accents: Müller is Mueller, Noël is Noel."""
    if face.can_set(text):
        return text
    for umlaut, letters in UMLAUTS.items():
        text = text.replace(umlaut, letters)
    plain = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in plain if not unicodedata.combining(sign))
