"""Real small documents, made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pages import A5, Draw
from reportlab.pdfgen.canvas import Canvas


@pytest.fixture
def pdf(tmp_path: Path) -> Callable[..., Path]:
    """`pdf(page, page, …)` is a PDF with one page for each drawing function."""

    def make(*pages: Draw, name: str = "document.pdf", size: tuple[float, float] = A5) -> Path:
        path = tmp_path / name
        canvas = Canvas(str(path), pagesize=size)
        for draw in pages:
            draw(canvas)
            canvas.showPage()
        canvas.save()
        return path

    return make


@pytest.fixture(autouse=True, scope="session")
def rules_alone() -> Iterator[None]:
    """Tests of the model ask for it; all others are as quick without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCAI_MODEL", "rules")
        yield
