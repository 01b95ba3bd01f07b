"""A page and groups of its words become numbers."""

from dataclasses import astuple, replace

import pytest
from tiny_forms import small_describer, write_funsd

torch = pytest.importorskip("torch")

from torch.testing import assert_close  # noqa: E402

from docai.document import Line  # noqa: E402
from docai.geometry import Box  # noqa: E402
from docai.models import pieces  # noqa: E402
from docai.models.pieces import pieces_of_lines, usual_height  # noqa: E402
from docai.training.readers import read  # noqa: E402


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return read(write_funsd(tmp_path_factory.mktemp("data"), count=1))[0].document.pages[0]


@pytest.fixture(scope="module")
def describer(tmp_path_factory):
    return small_describer(tmp_path_factory.mktemp("model"))


def scaled(page, factor):
    words = tuple(
        replace(word, box=Box(*(factor * edge for edge in astuple(word.box))))
        for word in page.words
    )
    return replace(page, words=words, width=factor * page.width, height=factor * page.height)


def test_a_page_is_the_same_at_every_size(page, describer):
    groups = pieces_of_lines(page)
    small, large = describer.nodes(page, groups), describer.nodes(scaled(page, 3.0), groups)
    for name in ("text", "look", "boxes"):
        assert_close(getattr(small, name), getattr(large, name), atol=1e-4, rtol=1e-4)
    assert_close(describer.gaps(page).look, describer.gaps(scaled(page, 3.0)).look)


def test_how_many_pieces_are_read_at_once_changes_nothing(page, describer, monkeypatch):
    groups = pieces_of_lines(page)
    before = describer.nodes(page, groups).text
    gaps = describer.gaps(page)
    monkeypatch.setattr(pieces, "AT_ONCE", 2)
    assert_close(describer.nodes(page, groups).text, before, atol=1e-5, rtol=1e-4)
    assert_close(describer.gaps(page).after, gaps.after, atol=1e-5, rtol=1e-4)


def test_a_piece_reads_the_words_around_it(page, describer):
    group = [page.lines[1].words]
    other = replace(page.words[0], text="berlin")
    changed = replace(page, words=(other, *page.words[1:]))
    width = describer.model.config.text_width
    a, b = describer.nodes(page, group).text, describer.nodes(changed, group).text
    assert_close(a[:, : 2 * width], b[:, : 2 * width])  # alone it is the same
    assert not torch.allclose(a[:, 2 * width :], b[:, 2 * width :])


def test_a_long_page_is_read_in_stretches_that_overlap(page, describer, monkeypatch):
    groups = [tuple(range(len(page.words)))]
    monkeypatch.setattr(pieces, "CONTEXT", 12)
    monkeypatch.setattr(pieces, "OVERLAP", 4)
    assert describer.nodes(page, groups).text.isfinite().all()


def test_gaps_are_those_between_neighbours_of_a_line(page, describer):
    gaps = describer.gaps(page)
    expected = [
        (a, b) for line in page.lines for a, b in zip(line.words, line.words[1:], strict=False)
    ]
    assert list(gaps.pairs) == expected
    wide = [page.words[b].box.left - page.words[a].box.right for a, b in expected]
    # The first feature is half the space in word heights.
    assert_close(gaps.look[:, 0], (torch.tensor(wide) / usual_height(page)).clamp(-2, 10) / 2)


def test_a_picture_is_seen_through_each_piece_s_box(page, tmp_path):
    import numpy as np

    from docai.image import PageImage

    describer = small_describer(tmp_path, picture=True)
    height, width = round(page.height * 2), round(page.width * 2)
    pixels = np.full((height, width, 3), 255, np.uint8)
    groups = pieces_of_lines(page)
    white = describer.nodes(page, groups, PageImage(pixels, 144)).picture
    box = page.box(groups[0])
    pixels[int(2 * box.top) : int(2 * box.bottom), int(2 * box.left) : int(2 * box.right)] = 0
    black = describer.nodes(page, groups, PageImage(pixels, 144)).picture
    assert not torch.allclose(white[0], black[0])
    far = max(range(len(groups)), key=lambda i: page.box(groups[i]).top)
    assert_close(white[far], black[far])


def test_words_that_no_line_holds_are_in_no_piece(page):
    assert pieces_of_lines(replace(page, lines=(Line((0, 1)), Line(())))) == [(0, 1)]
