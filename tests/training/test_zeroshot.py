"""Kinds without examples: what the scores may and may not depend on."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

import tiny_run  # noqa: E402

from docai import cli  # noqa: E402
from docai.models.config import Attention  # noqa: E402
from docai.models.segments import TextTower  # noqa: E402
from docai.training.zeroshot import BLANK, Cloze, Descriptions  # noqa: E402

WORDS = {"invoice": "invoice", "letter": "bank", "form": "account"}


@pytest.fixture
def cloze():
    return Cloze(tiny_run.model().eval(), tiny_run.tokenizer(), WORDS)


def test_a_page_without_words_speaks_for_no_kind(cloze):
    assert cloze.scores(BLANK) == dict.fromkeys(WORDS, 0.0)


def test_a_page_with_words_tells_kinds_apart(cloze):
    scores = cloze.scores(tiny_run.sample(1))
    assert len({round(score, 6) for score in scores.values()}) == len(WORDS)


def test_a_common_word_has_no_advantage(cloze):
    page = tiny_run.sample(1)
    before = cloze.scores(page)
    with torch.no_grad():
        cloze.model.pretraining.word_bias[cloze.tokenizer.pieces(["bank"]).ids[0]] += 5.0
    after = Cloze(cloze.model, cloze.tokenizer, WORDS).scores(page)
    for other in ("letter", "form"):
        assert after["invoice"] - after[other] == pytest.approx(
            before["invoice"] - before[other], abs=1e-4
        )


def test_a_word_of_several_pieces_cannot_stand_for_a_kind():
    cloze = Cloze(tiny_run.model().eval(), tiny_run.tokenizer(), {"form": "the bank"})
    with pytest.raises(ValueError, match="single piece"):
        cloze.scores(tiny_run.sample(1))


def test_a_page_is_nearest_to_its_own_words():
    torch.manual_seed(0)
    page = tiny_run.sample(1)
    config = replace(tiny_run.model().config, attention=Attention.BIAS)
    tower = TextTower(config).eval()
    texts = {"same": " ".join(page.words), "other": "monday please pay"}
    scores = Descriptions(tower, tiny_run.tokenizer(), texts).scores(page)
    assert scores["same"] == pytest.approx(1.0, abs=1e-5)
    assert scores["other"] < scores["same"]


def test_folders_must_be_named_by_kinds(tmp_path, capsys):
    (tmp_path / "bills").mkdir()
    assert cli.run(["evaluate", "zeroshot", "--data", str(tmp_path), "--weights", "x"]) == 2
    assert cli.run(["evaluate", "zeroshot", "--weights", "x"]) == 2
