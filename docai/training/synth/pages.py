"""A tree of elements onto sheets: where pages end, and what every page has besides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from docai.training.synth.boxes import Space
from docai.training.synth.typeset import Element, Fitted, Sheet, Slab, slabs

A4 = (595.28, 841.89)
LETTER = (612.0, 792.0)

Furniture = Callable[[int, int], Element | None]  # of page number and number of pages


def _nothing(page: int, pages: int) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Pinned:
    """An element at a fixed place: an address window, a column in the margin."""

    element: Element
    x: float
    y: float
    width: float
    every_page: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A document before it is placed. Without a height the page is as long as its content."""

    body: Element
    width: float
    height: float | None
    margins: tuple[float, float, float, float]  # left, top, right, bottom
    head: Furniture = _nothing
    foot: Furniture = _nothing
    pinned: tuple[Pinned, ...] = ()  # read before the body
    notes: tuple[Pinned, ...] = ()  # read after everything: stamps, notes written by hand
    gap: float = 8.0  # between head, body and foot


def placed(plan: Plan) -> list[Sheet]:
    """The sheets of the document, every word in its place."""
    left, _, right, _ = plan.margins
    width = plan.width - left - right
    pieces = slabs(plan.body, width)
    pages = _paged(plan, pieces, width)
    return [_drawn(plan, number, page, len(pages)) for number, page in enumerate(pages, start=1)]


def _paged(plan: Plan, pieces: Sequence[Slab], width: float) -> list[list[Fitted]]:
    if plan.height is None:
        return [[slab.fitted for slab in pieces]]
    pages: list[list[Fitted]] = [[]]
    room = _room(plan, 1, width)
    last: Slab | None = None
    for chunk in _kept_together(pieces):
        need = sum(slab.fitted.height for slab in chunk)
        # A table that may break needs room for the row that closes its page.
        closing = chunk[-1].closing
        reserve = closing.height if closing is not None else 0.0
        if pages[-1] and need + reserve > room:
            if last is not None and last.closing is not None:
                pages[-1].append(last.closing)
            pages.append([])
            room = _room(plan, len(pages), width)
            if last is not None and last.opening is not None:
                pages[-1].append(last.opening)
                room -= last.opening.height
        if not pages[-1] and len(pages) > 1 and isinstance(chunk[0].fitted, Space):
            continue  # no gap at the top of a page
        pages[-1] += [slab.fitted for slab in chunk]
        room -= need
        last = chunk[-1]
    return pages


def _kept_together(pieces: Sequence[Slab]) -> list[list[Slab]]:
    chunks: list[list[Slab]] = []
    joins = False
    for slab in pieces:
        if joins:
            chunks[-1].append(slab)
        else:
            chunks.append([slab])
        joins = slab.stays
    return chunks


def _room(plan: Plan, page: int, width: float) -> float:
    """Height of the body on this page."""
    assert plan.height is not None
    _, top, _, bottom = plan.margins
    room = plan.height - top - bottom
    for furniture in (plan.head, plan.foot):
        # Two digits for a number of pages that is not known yet.
        element = furniture(page, 99)
        if element is not None:
            room -= element.fit(width).height + plan.gap
    return room


def _drawn(plan: Plan, number: int, body: Sequence[Fitted], pages: int) -> Sheet:
    left, top, right, bottom = plan.margins
    width = plan.width - left - right
    height = plan.height or top + bottom + sum(fitted.height for fitted in body)
    sheet = Sheet(plan.width, height)
    y = top
    head, foot = plan.head(number, pages), plan.foot(number, pages)
    if head is not None:
        fitted = head.fit(width)
        fitted.draw(sheet, left, y)
        y += fitted.height + plan.gap
    for pinned in plan.pinned:
        _pin(pinned, sheet, number)
    for fitted in body:
        fitted.draw(sheet, left, y)
        y += fitted.height
    if foot is not None:
        fitted = foot.fit(width)
        fitted.draw(sheet, left, height - bottom - fitted.height)
    for pinned in plan.notes:
        _pin(pinned, sheet, number)
    return sheet


def _pin(pinned: Pinned, sheet: Sheet, number: int) -> None:
    if number == 1 or pinned.every_page:
        pinned.element.fit(pinned.width).draw(sheet, pinned.x, pinned.y)
