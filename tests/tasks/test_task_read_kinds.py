"""Kinds of documents by rules and docai-small together."""

from itertools import islice

import pytest

pytest.importorskip("torch")

from docai.tasks import kinds, read_kinds
from docai.training.rearranged import rearranged
from docai.training.synth import documents


def some(kind, language):
    return [rearranged(one) for one in islice(documents(kind, language, 88), 3)]


def test_letters_and_reports_in_english_are_known_better_with_docai_small():
    made = [one for kind in ("letter", "report", "paper", "table") for one in some(kind, "en")]
    assert right(made, read_kinds.classify) >= max(11, right(made, kinds.classify))


@pytest.mark.parametrize("language", ["de", "es", "fr", "zh"])
def test_in_other_languages_it_does_not_talk_the_rules_out_of_it(language):
    made = [one for kind in ("letter", "report", "form", "other") for one in some(kind, language)]
    assert right(made, read_kinds.classify) >= right(made, kinds.classify) - 1


def right(made, classify):
    return sum(classify(one.document).name == one.kind for one in made)
