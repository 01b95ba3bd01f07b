"""Elements that only forms have: room to write on, and squares to tick."""

from __future__ import annotations

from dataclasses import dataclass, replace

from docai.training.synth.boxes import moved
from docai.training.synth.marks import Mark
from docai.training.synth.typeset import (
    BLACK,
    Bit,
    Block,
    Fitted,
    Ink,
    SetWord,
    Shape,
    Sheet,
    Stroke,
    Text,
)


@dataclass(frozen=True, slots=True)
class Field:
    """Room to write on: a line or a box, perhaps with something on it."""

    value: tuple[Bit, ...]
    least: float  # width of the line
    kind: str  # line, dots, box, none
    height: float

    def natural(self) -> float:
        return max(self.least, Text(self.value).natural() + 8 if self.value else 0.0)

    def fit(self, width: float) -> FittedField:
        return FittedField(self, Text(self.value).fit(width - 6), width)


@dataclass(frozen=True, slots=True)
class FittedField:
    field: Field
    text: Fitted
    width: float

    @property
    def height(self) -> float:
        return max(self.field.height, self.text.height + (3 if self.field.kind == "box" else 1))

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        bottom = y + self.height - 1
        kind = self.field.kind
        if kind in ("line", "dots"):
            dash = 1.2 if kind == "dots" else 0.0
            sheet.strokes.append(Stroke(x, bottom, x + self.width, bottom, 0.5, BLACK, dash))
        elif kind == "box":
            sheet.strokes += [
                Stroke(x, y, x + self.width, y),
                Stroke(x, y + self.height, x + self.width, y + self.height),
                Stroke(x, y, x, y + self.height),
                Stroke(x + self.width, y, x + self.width, y + self.height),
            ]
        down = self.height - self.text.height - (1.5 if kind == "box" else 0.5)
        self.text.draw(sheet, x + 3, y + max(0.0, down))


@dataclass(frozen=True, slots=True)
class CheckBox:
    """A drawn square, which counts as a word."""

    side: float
    shapes: tuple[Shape, ...]
    text: str
    ink: Ink
    marks: tuple[Mark, ...]

    def natural(self) -> float:
        return self.side

    def fit(self, width: float) -> CheckBox:
        return self

    @property
    def height(self) -> float:
        return self.side * 1.2

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        top = y + self.side * 0.1
        sheet.shapes += [replace(s, path=moved(s.path, x, top)) for s in self.shapes]
        block = sheet.group or Block()
        # A word's box goes from ascent to descent: the size that makes it the square's.
        face = self.ink.face
        size = self.side / (face.ascent - face.descent)
        ink = replace(self.ink, size=size)
        sheet.words.append(
            SetWord(
                self.text,
                ink,
                x,
                top + face.ascent * size,
                self.side,
                self.marks,
                block,
                sheet.next_line(),
                drawn=True,
            )
        )
