"""Synthetic pages in the order in which docai reads them."""

import json
from itertools import islice, pairwise

import pytest

from docai.document import WordRef
from docai.layout import arrange
from docai.training.labelled_json import labelled_to_json
from docai.training.readers import read
from docai.training.rearranged import rearranged
from docai.training.synth import documents


@pytest.fixture(scope="module", params=["form", "invoice"])
def pair(request):
    set_by_us = next(documents(request.param, "en", 3))
    return set_by_us, rearranged(set_by_us)


def test_every_label_says_what_it_said(pair):
    one, again = pair

    def said(labelled):
        text = labelled.document.text
        yield from ((f.name, f.value, text(f.evidence)) for f in labelled.fields or ())
        items = labelled.items or ()
        yield from ((f.name, text(f.evidence)) for item in items for f in item.fields)
        for pair in labelled.key_values or ():
            yield text(pair.key.evidence), pair.value and text(pair.value.evidence)
        yield from (text(a.evidence) for q in labelled.questions or () for a in q.answers)
        yield from (tuple(map(text, refs)) for refs in (labelled.places or {}).values())
        yield from (e.label for e in labelled.entities)
        yield sorted(text([ref]) for ref in labelled.handwritten)

    assert list(said(again)) == list(said(one))
    assert [sorted(one.document.text([r]) for r in e.words) for e in one.entities] == [
        sorted(again.document.text([r]) for r in e.words) for e in again.entities
    ]
    assert again.links == one.links


def test_pages_are_those_that_docai_finds(pair):
    one, again = pair
    assert list(again.document.pages) == [arrange(page) for page in one.document.pages]
    assert rearranged(again) == again


def test_readers_give_synthetic_pages_as_docai_reads_them(tmp_path, pair):
    one, _ = pair
    (tmp_path / "one.json").write_text(json.dumps(labelled_to_json(one)), "utf-8")
    [back] = read(tmp_path)
    assert rearranged(back) == back


def test_a_label_and_its_value_may_share_a_line():
    """As in use: whoever set the page knows better."""

    def shared(labelled):
        owner = labelled.entity_of()
        return sum(
            owner[WordRef(0, a)] != owner[WordRef(0, b)]
            for line in labelled.document.pages[0].lines
            for a, b in pairwise(line.words)
        )

    forms = list(islice(documents("form", "en", 4), 6))
    assert sum(shared(rearranged(form)) for form in forms) > sum(map(shared, forms))
