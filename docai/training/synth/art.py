"""Things that are drawn rather than written: logos, signatures, stamps, bar codes, ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from docai.geometry import Box
from docai.training.synth.boxes import Art, moved, rectangle
from docai.training.synth.faces import Face, faces
from docai.training.synth.typeset import Colour, Path, Shape

Point = tuple[float, float]


def letters(text: str, face: Face, size: float, x: float = 0.0, y: float = 0.0) -> Path:
    """The text as outlines with its baseline's left end at (x, y): ink without words."""
    path = []
    for letter in text:
        owner = faces().able(face, letter)
        for verb, points in owner.outline(letter):
            path.append((verb, tuple((x + px * size, y - py * size) for px, py in points)))
        x += owner.width(letter) * size
    return tuple(path)


def polygon(points: Sequence[Point]) -> Path:
    first, *rest = points
    return (("moveTo", (first,)), *(("lineTo", (point,)) for point in rest), ("closePath", ()))


def circle(x: float, y: float, radius: float) -> Path:
    k = 0.5523 * radius  # of a cubic curve that comes within a thousandth of a quarter circle
    r = radius
    return (
        ("moveTo", ((x + r, y),)),
        ("curveTo", ((x + r, y + k), (x + k, y + r), (x, y + r))),
        ("curveTo", ((x - k, y + r), (x - r, y + k), (x - r, y))),
        ("curveTo", ((x - r, y - k), (x - k, y - r), (x, y - r))),
        ("curveTo", ((x + k, y - r), (x + r, y - k), (x + r, y))),
        ("closePath", ()),
    )


def turned(path: Path, degrees: float, centre: Point) -> Path:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    cx, cy = centre

    def turn(point: Point) -> Point:
        x, y = point[0] - cx, point[1] - cy
        return cx + x * cos - y * sin, cy + x * sin + y * cos

    return tuple((verb, tuple(turn(point) for point in points)) for verb, points in path)


def logo(name: str, colour: Colour, height: float, random: Random) -> tuple[Shape, ...]:
    """A sign in a square of this height: shapes, or the name's first letter."""
    h, pale = height, tuple(0.5 + part / 2 for part in colour)
    second: Colour = (pale[0], pale[1], pale[2])
    centre = (h / 2, h / 2)
    kind = random.randrange(8)
    initial = next((c for c in name if c.isalnum()), "A").upper()
    family = random.choice(faces().of("sans", "serif"))
    if kind == 0:
        return (
            Shape(circle(h / 2, h / 2, h / 2), fill=colour),
            Shape(_centred(initial, family.bold, h * 0.62, centre), fill=(1, 1, 1)),
        )
    if kind == 1:
        return (
            Shape(rectangle(Box(0, 0, h, h)), fill=colour),
            Shape(_centred(initial, family.bold, h * 0.7, centre), fill=(1, 1, 1)),
        )
    if kind == 2:
        return tuple(
            Shape(
                polygon(
                    [
                        (h * i / 3, h),
                        (h * (i + 0.6) / 3, h * (0.6 - 0.25 * i)),
                        (h * (i + 0.9) / 3, h),
                    ]
                ),
                fill=colour if i % 2 == 0 else second,
            )
            for i in range(3)
        )
    if kind == 3:
        return tuple(
            Shape(
                rectangle(
                    Box(h * 0.52 * i, h * 0.52 * j, h * (0.52 * i + 0.44), h * (0.52 * j + 0.44))
                ),
                fill=colour if (i + j) % 2 == 0 else second,
            )
            for i in (0, 1)
            for j in (0, 1)
        )
    if kind == 4:
        return (
            Shape(circle(h * 0.38, h / 2, h * 0.36), fill=colour),
            Shape(circle(h * 0.72, h / 2, h * 0.22), fill=second),
        )
    if kind == 5:
        corners = [
            (h / 2 + h / 2 * math.cos(math.pi / 3 * i), h / 2 + h / 2 * math.sin(math.pi / 3 * i))
            for i in range(6)
        ]
        return (
            Shape(polygon(corners), fill=colour),
            Shape(circle(h / 2, h / 2, h * 0.2), fill=(1, 1, 1)),
        )
    if kind == 6:
        return (
            Shape(polygon([(0, h), (h / 2, 0), (h, h)]), fill=colour),
            Shape(polygon([(h * 0.3, h), (h / 2, h * 0.55), (h * 0.7, h)]), fill=(1, 1, 1)),
        )
    return tuple(
        Shape(
            rectangle(Box(0, h * (0.1 + 0.3 * i), h * (1 - 0.2 * i), h * (0.28 + 0.3 * i))),
            fill=colour,
        )
        for i in range(3)
    )


def _centred(text: str, face: Face, size: float, centre: Point) -> Path:
    owner = faces().able(face, text[0])
    width = owner.width(text) * size
    return letters(text, owner, size, centre[0] - width / 2, centre[1] + size * 0.36)


def wordmark(name: str, colour: Colour, size: float, random: Random) -> Art:
    """The name as a picture, as many logos are: nobody reads it but from the pixels."""
    family = random.choice(faces().of("sans", "serif", "art"))
    face = faces().able(family.bold, name)
    width = face.width(name) * size
    return Art(width, size * 1.2, (Shape(letters(name, face, size, 0, size * 0.9), fill=colour),))


def signature(random: Random, colour: Colour, width: float = 110, height: float = 34) -> Art:
    """A stroke of the pen that ran through a name."""
    x, y = width * 0.05, height * 0.6
    path: list[tuple[str, tuple[Point, ...]]] = [("moveTo", ((x, y),))]
    loops = random.randint(5, 9)
    for step in range(loops):
        tall = random.random() < (0.9 if step in (0, loops // 2) else 0.25)
        top = y - height * (random.uniform(0.5, 0.75) if tall else random.uniform(0.05, 0.2))
        nx = x + width * 0.85 / loops * random.uniform(0.6, 1.4)
        ny = height * random.uniform(0.5, 0.72)
        path.append(
            (
                "curveTo",
                ((x + random.uniform(2, 9), top), (nx - random.uniform(-4, 8), top), (nx, ny)),
            )
        )
        x, y = nx, ny
    end = (min(width, x + width * 0.2), y - height * random.uniform(-0.1, 0.2))
    path.append(("curveTo", ((x + 8, y + 6), (x + 16, y - 8), end)))
    return Art(
        width,
        height,
        (Shape(tuple(path), line=colour, line_width=random.uniform(0.8, 1.4), over=True),),
    )


def stamp(text: str, random: Random, size: float) -> tuple[Shape, ...]:
    """A rubber stamp around (0, 0), a little turned."""
    colour = random.choice(((0.75, 0.1, 0.15), (0.1, 0.2, 0.6), (0.3, 0.1, 0.5), (0.05, 0.4, 0.25)))
    face = random.choice(faces().of("sans", "mono")).bold
    width = faces().able(face, text).width(text) * size
    frame = Box(-width / 2 - size * 0.5, -size * 0.95, width / 2 + size * 0.5, size * 0.6)
    degrees = random.uniform(-24, 18)
    word = letters(text, faces().able(face, text), size, -width / 2, size * 0.2)
    return (
        Shape(turned(word, degrees, (0, 0)), fill=colour, over=True),
        Shape(
            turned(rectangle(frame), degrees, (0, 0)), line=colour, line_width=size / 10, over=True
        ),
    )


def at(shapes: Sequence[Shape], x: float, y: float) -> tuple[Shape, ...]:
    from dataclasses import replace

    return tuple(replace(shape, path=moved(shape.path, x, y)) for shape in shapes)


def bar_code(random: Random, width: float, height: float) -> Art:
    bars, x = [], 0.0
    unit = width / 95
    while x < width - 4 * unit:
        bar = unit * random.choice((1, 1, 2, 3))
        bars.append(Shape(rectangle(Box(x, 0, x + bar, height)), fill=(0, 0, 0)))
        x += bar + unit * random.choice((1, 1, 2, 3))
    return Art(width, height, tuple(bars))


def square_code(random: Random, side: float) -> Art:
    """Looks like a QR code; says nothing."""
    cells = 25
    unit = side / cells
    dark = [[random.random() < 0.48 for _ in range(cells)] for _ in range(cells)]
    for top, left in ((0, 0), (0, cells - 7), (cells - 7, 0)):
        for i in range(-1, 8):
            for j in range(-1, 8):
                if 0 <= top + i < cells and 0 <= left + j < cells:
                    ring = max(abs(i - 3), abs(j - 3))
                    dark[top + i][left + j] = ring in (0, 1, 3)
    path: list[tuple[str, tuple[Point, ...]]] = []
    for i, row in enumerate(dark):
        j = 0
        while j < cells:
            start = j
            while j < cells and row[j]:
                j += 1
            if j > start:
                path += rectangle(Box(start * unit, i * unit, j * unit, (i + 1) * unit))
            j += 1
    return Art(side, side, (Shape(tuple(path), fill=(0, 0, 0)),))


def check_box(
    side: float, ticked: bool, random: Random, pen: Colour = (0, 0, 0)
) -> tuple[Shape, ...]:
    """A square of this side, ticked or crossed or not."""
    box = Shape(rectangle(Box(0, 0, side, side)), line=(0, 0, 0), line_width=0.7)
    if not ticked:
        return (box,)
    out = random.uniform(-0.15, 0.15) * side
    if random.random() < 0.6:
        strokes: Path = (
            ("moveTo", ((side * 0.1 - out, side * 0.12),)),
            ("lineTo", ((side * 0.9 + out, side * 0.9),)),
            ("moveTo", ((side * 0.92, side * 0.1 - out),)),
            ("lineTo", ((side * 0.08, side * 0.92 + out),)),
        )
    else:
        strokes = (
            ("moveTo", ((side * 0.12, side * 0.5),)),
            ("lineTo", ((side * 0.42, side * 0.88),)),
            ("lineTo", ((side * 1.05, -side * 0.1 + out),)),
        )
    return box, Shape(strokes, line=pen, line_width=side / 8, over=True)
