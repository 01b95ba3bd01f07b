"""Files and labelled sets become pages for pre-training."""

import json

import pytest

pytest.importorskip("torch")

from pages import text

from docai import cli
from docai.training.pages import PagesOptions, pages_of_files, write_pages
from docai.training.shards import HELD_OUT, TRAIN, Shards, ShardWriter, is_held_out

PROSE = [
    "The",
    "goods",
    "remain",
    "our",
    "property",
    "until",
    "the",
    "whole",
    "price",
    "is",
    "paid",
]


def page_of(number, lines=4):
    """A few lines of a dozen words, no two pages the same."""
    return lambda canvas: [
        canvas.drawString(30, 500 - 20 * line, " ".join([f"{number}-{line}", *PROSE]))
        for line in range(lines)
    ]


def test_words_come_in_lines_with_their_boxes_and_a_picture(pdf):
    (pages,) = pages_of_files([pdf(page_of(1))], "letters", PagesOptions())
    (sample,) = pages.samples
    assert sample.origin == "letters"
    assert sample.words[:3] == ("1-0", "The", "goods")
    assert sample.lines == tuple(line for line in range(4) for _ in range(len(PROSE) + 1))
    assert all(0 <= left < right <= 1000 for left, _, right, _ in sample.boxes)
    assert sample.picture.startswith(b"\xff\xd8")


def test_long_documents_give_pages_from_all_over(pdf):
    path = pdf(*[page_of(n) for n in range(10)])
    (pages,) = pages_of_files([path], "letters", PagesOptions(most_pages=5))
    assert [sample.words[0] for sample in pages.samples] == ["0-0", "2-0", "4-0", "6-0", "8-0"]


def test_a_broken_file_is_told_and_costs_only_itself(pdf, tmp_path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 nothing else")
    paths = [broken, pdf(page_of(1))]
    first, second = pages_of_files(paths, "letters", PagesOptions())
    assert "broken.pdf" in first.failure and not first.samples
    assert len(second.samples) == 1


def test_pages_with_hardly_a_word_are_left_out(pdf):
    (pages,) = pages_of_files([pdf(text("Chapter 3"))], "letters", PagesOptions())
    assert pages.samples == ()


def test_all_pages_of_a_document_go_to_one_part(pdf, tmp_path):
    paths = [pdf(page_of(f"{n}a"), page_of(f"{n}b"), name=f"{n}.pdf") for n in range(8)]
    writer = ShardWriter(tmp_path / "shards")
    written = list(
        write_pages(pages_of_files(paths, "letters", PagesOptions()), writer, held_out=0.4)
    )
    parts = {part: Shards([tmp_path / "shards"], part) for part in (TRAIN, HELD_OUT)}
    for part, shards in parts.items():
        numbers = [shards[i].words[0][:1] for i in range(len(shards))]
        assert all(numbers.count(number) == 2 for number in numbers)
        wanted = [is_held_out(p.document, 0.4) == (part == HELD_OUT) for p in written]
        assert len(shards) == 2 * sum(wanted) > 0


def test_the_command_counts_pages_by_data_set(pdf, tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    for n in range(3):
        pdf(page_of(n), name=f"letters/{n}.pdf")
        (folder / f"{n}.json").write_text("{}")  # labels beside a document are no failure
    output = tmp_path / "shards"
    arguments = ["train", "pages", f"mine={folder}", "-o", str(output), "--held-out", "0", "-q"]
    assert cli.run(arguments) == 0
    assert json.loads((output / "about.json").read_text()) == {TRAIN: {"mine": 3}}
    assert cli.run(arguments) == 2  # the folder is there already
