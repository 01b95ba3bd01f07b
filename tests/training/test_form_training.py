"""Forms: truth for pieces, decoding, and a small model that learns a few forms by heart."""

from random import Random

import pytest
from tiny_forms import small_describer, write_funsd, write_start

torch = pytest.importorskip("torch")

from docai.evaluation.metrics import Counts  # noqa: E402
from docai.models.forms import (  # noqa: E402
    LABELS,
    Found,
    View,
    between,
    find,
    joined,
    linked,
)
from docai.models.pieces import pieces_cut, pieces_of_lines  # noqa: E402
from docai.models.weights import load_segments, save  # noqa: E402
from docai.training.finetune import FinetuneOptions  # noqa: E402
from docai.training.form import form_pages, mistaken, spaced, truth_of  # noqa: E402
from docai.training.form_run import (  # noqa: E402
    FormOptions,
    card,
    cross_validate,
    model_from,
    train_members,
)
from docai.training.form_scores import judge, pair_counts  # noqa: E402
from docai.training.readers import read  # noqa: E402
from docai.training.start import text_start  # noqa: E402


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A model that was trained on six forms until it knows them, and the forms."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("forms")
    documents = read(write_funsd(folder))
    describer = small_describer(folder)
    pages = form_pages(documents, describer)
    options = FinetuneOptions(epochs=40, batch=4, learning_rate=5e-3)
    train_members(describer.model, pages, options, quiet=True)
    return describer, pages, {d.document.source.filename: d for d in documents}


def test_six_forms_are_learned_by_heart(learned):
    describer, pages, _ = learned
    figures = judge(describer.model, describer, pages).figures()
    assert figures["labels"] > 0.99
    assert figures["links"] > 0.95
    assert figures["pieces: entities"] > 0.9
    assert figures["pieces: pairs"] > 0.9


def test_lines_are_cut_where_an_entity_ends(learned):
    describer, pages, _ = learned
    found = find(describer.model, describer, pages[0].page)
    texts = {label: pages[0].page.text(sorted(words)) for label, words in found.entities}
    assert texts["header"] == "INVOICE FORM"
    assert texts["question"].endswith(":")


def test_gaps_are_set_wider_or_narrower_and_what_words_say_stays(learned):
    _, pages, _ = learned
    looks = pages[0].pieces.gaps.look
    torch.manual_seed(0)
    drawn = [spaced(looks) for _ in range(200)]
    for look in drawn:
        assert torch.equal(look[:, 3:], looks[:, 3:])
        space = 2 * look[:, 0]
        assert torch.allclose(look[:, 1], space.sign() * space.abs().log1p())
    assert torch.stack(drawn)[:, :, 0].std(0).min() > 0.03
    assert torch.allclose(torch.stack(drawn)[:, :, 0].mean(0), looks[:, 0], rtol=0.15, atol=0.03)


def test_some_cuts_are_missed_and_some_are_made_where_nothing_ends():
    gaps = [(n, n + 1) for n in range(1000)]
    ends = gaps[::4]
    drawn = [mistaken(gaps, ends, Random(seed)) for seed in range(40)]
    assert drawn[0] == mistaken(gaps, ends, Random(0))
    missed = [1 - len(set(ends) & set(cut)) / len(ends) for cut in drawn]
    made = [len(set(cut) - set(ends)) / (len(gaps) - len(ends)) for cut in drawn]
    assert min(missed) < 0.05 and 0.3 < max(missed) < 0.5
    assert min(made) < 0.01 and 0.08 < max(made) < 0.13


def test_a_learned_model_is_the_same_after_it_was_saved(learned, tmp_path):
    describer, pages, documents = learned
    scores = judge(describer.model, describer, pages[:2])
    about = card("forms", list(documents.values()), scores)
    loaded = load_segments(save(describer.model, describer.tokenizer, about, tmp_path))
    assert "funsd: non-commercial" in loaded.card.markdown()
    again = type(describer)(loaded.model, loaded.tokenizer)
    assert find(loaded.model, again, pages[0].page) == find(
        describer.model, describer, pages[0].page
    )


def test_an_empty_page_has_nothing_on_it(learned):
    from dataclasses import replace

    describer, pages, _ = learned
    blank = replace(pages[0].page, words=(), lines=(), blocks=())
    assert find(describer.model, describer, blank) == Found([], ())
    assert find(describer.model, describer, blank, view=View.LINES) == Found([], ())


def test_a_page_of_very_many_pieces_is_left_alone(learned, monkeypatch):
    describer, pages, _ = learned
    monkeypatch.setattr("docai.models.forms.MOST_PIECES", 3)
    assert find(describer.model, describer, pages[0].page) == Found([], ())


def test_cross_validation_trains_from_a_start_and_judges_every_form(tmp_path):
    documents = read(write_funsd(tmp_path / "data"))
    trainee = model_from(text_start(write_start(tmp_path / "start")), FormOptions(members=2))
    options = FinetuneOptions(epochs=1)
    seen = []
    scores = cross_validate(documents, trainee, options, 3, on_fold=lambda n, s: seen.append(n))
    assert seen == [1, 2, 3]
    names = [page.name for part in scores for _, page, _ in part.judged]
    assert sorted(names) == sorted(d.document.source.filename for d in documents)


def test_a_piece_that_continues_its_entity_joins_the_piece_before():
    # Entity 0 is a question in two pieces, entity 1 an answer; piece 3 is nobody's.
    owner = {0: 0, 1: 0, 2: 0, 3: 1}
    truth = truth_of([(0, 1), (2,), (3,), (4,)], owner, ["question", "answer"], {(0, 1)})
    assert [LABELS[i] for i in truth.labels] == ["question", "question", "answer", "other"]
    assert truth.joins.tolist() == [0, 1, 0, 0]
    assert truth.links[2].tolist() == [0, 0.5, 0.5, 0, 0]  # either piece of the question
    assert truth.links[3].tolist() == [1, 0, 0, 0, 0]


def test_pieces_that_continue_one_another_become_one_entity():
    joins = torch.zeros(4, 5)
    for piece, pick in enumerate([0, 1, 0, 2]):  # 1 continues 0, and 3 continues 1
        joins[piece, pick] = 1.0
    assert joined(joins) == [[0, 1, 3], [2]]


def test_pieces_that_continue_each_other_in_a_circle_do_not_hang():
    joins = torch.zeros(2, 3)
    joins[0, 2] = joins[1, 1] = 1.0
    assert joined(joins) == [[0, 1]]


def test_links_of_pieces_become_links_of_entities():
    scores = torch.tensor([[0.2, 0.0, 0.5, 0.3], [1.0, 0, 0, 0], [1.0, 0, 0, 0]])
    entities = [[0], [1, 2]]
    rows = between(scores, entities)
    torch.testing.assert_close(rows, torch.tensor([[0.2, 0.0, 0.8], [1.0, 0.0, 0.0]]))
    assert [(q, a) for q, a, _ in linked(rows, ["answer", "question"])] == [(1, 0)]


def test_a_cell_may_take_two_questions_but_no_answer_takes_an_answer():
    scores = torch.tensor([[0.1, 0.0, 0.45, 0.40, 0.05]] + [[1.0, 0, 0, 0, 0]] * 3)
    labels = ["answer", "question", "question", "header"]
    assert linked(scores, labels) == [(1, 0, pytest.approx(0.9)), (2, 0, pytest.approx(0.8))]
    assert linked(scores, ["answer", "answer", "header", "header"]) == []


def test_a_pair_needs_exactly_the_right_words_on_both_sides(learned):
    _, pages, _ = learned
    page = pages[0]
    (question, answer), *_ = sorted(page.links)
    words = [frozenset(page.groups[i]) for i in (question, answer)]
    right = Found([("question", words[0]), ("answer", words[1])], ((0, 1, 0.9),))
    assert pair_counts(page, right) == Counts(1, 1, len(page.links))
    short = Found([("question", words[0]), ("answer", words[1] - {min(words[1])})], ((0, 1, 0.9),))
    assert pair_counts(page, short) == Counts(0, 1, len(page.links))


def test_cutting_keeps_every_word_once(learned):
    _, pages, _ = learned
    page = pages[0].page
    lines = pieces_of_lines(page)
    cut = pieces_cut(page, [(lines[1][0], lines[1][1])])
    assert sorted(w for piece in cut for w in piece) == list(range(len(page.words)))
    assert len(cut) == len(lines) + 1
