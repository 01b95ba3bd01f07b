"""Fields: words judged one by one, asked for in words, learned from many or from a few."""

import pytest
from tiny_forms import small_describer, write_start

torch = pytest.importorskip("torch")

from docai.document import Document, Page, Source, Word, WordRef  # noqa: E402
from docai.geometry import Box  # noqa: E402
from docai.layout import arrange  # noqa: E402
from docai.results import Field, FieldType  # noqa: E402
from docai.training.fewshot import (  # noqa: E402
    Wanted,
    Way,
    is_same,
    renewed,
    tune,
    tuned,
)
from docai.training.field_run import train_fields  # noqa: E402
from docai.training.fields import _starts, field_samples, guesses, parts_of  # noqa: E402
from docai.training.finetune import FinetuneOptions  # noqa: E402
from docai.training.labelled import LabelledDocument  # noqa: E402
from docai.training.readers import places_of, typed  # noqa: E402

CITIES = ("berlin", "smith", "jones", "street")


def bill(number, *, with_total=True):
    """A few rows: a name at the top, a total at the bottom, in other places on every bill."""
    top = 20 + 7 * (number % 3)
    rows = [[CITIES[number % 4], "invoice"], ["date", str(number)], ["total", f"{10 + number}.50"]]
    words = []
    for y, row in enumerate(rows if with_total else rows[:2]):
        left = 20.0 + number % 5
        for text in row:
            words.append(
                Word(text, Box(left, top + 20 * y, left + 6 * len(text), top + 20 * y + 10))
            )
            left += 6 * len(text) + 5
    page = arrange(Page(1, 200, 200, tuple(words)))
    document = Document(Source(f"bill-{number}", "", "image/png", 0), (page,))
    fields = [field("city", CITIES[number % 4], document)]
    if with_total:
        fields.append(field("total", f"{10 + number}.50", document, FieldType.MONEY))
    return LabelledDocument(
        document, "tiny", "invoice", fields=tuple(fields), sought=frozenset({"city", "total"})
    )


def field(name, text, document, kind=FieldType.STRING):
    return Field(name, kind, typed(text, kind), text, 1.0, places_of(text, document)[0])


# More haste than for real documents: here every weight begins at random.
PROMPT = {Way.PROMPT: FinetuneOptions(epochs=8, batch=4, learning_rate=2e-2, decay=0.0)}
FULL = {Way.FULL: FinetuneOptions(epochs=25, batch=8, learning_rate=1e-2)}
WANTED = (Wanted("city"), Wanted("total", FieldType.MONEY, "what is to be paid"))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A model for these two fields with random weights."""
    folder = tmp_path_factory.mktemp("base")
    changes = {"labels": ("nothing", "city", "total"), "value": "", "name": ""}
    return small_describer(folder, **changes, descriptions=("city", "total"))


def test_fields_are_learned_from_documents_of_many_places(tmp_path):
    documents = [bill(i) for i in range(16)]
    options = FinetuneOptions(epochs=30, batch=4, learning_rate=5e-3, held_out=0.2)
    start = write_start(tmp_path / "start")
    _, _, scores = train_fields(documents, start, options, quiet=True)
    assert scores.fields["total"].right == scores.fields["total"].expected == 3
    assert scores.table().rows[-1][0] == "all (micro)"
    assert "<svg" in _html(scores)


def _html(scores):
    from docai.evaluation.report import Report

    return Report("bills", (scores.table(),), tuple(scores.drawings({}))).html()


def test_of_several_places_of_a_value_the_likeliest_is_learned(base):
    one = bill(3)
    total = one.fields[1]
    twice = LabelledDocument(
        one.document, "tiny", fields=one.fields, sought=one.sought,
        places={"total": (total.evidence, (WordRef(0, 1),)), "city": (one.fields[0].evidence,)},
    )  # fmt: skip
    from docai.training.fields import _truth

    (sample,) = field_samples([twice], base, ["city", "total"])
    sure = torch.zeros(len(sample.part.nodes.keep), 3)
    sure[1, 2] = 1.0  # the other place looks better just now
    truth = _truth(sure, sample, ["city", "total"])
    assert truth[1] == 2 and truth[total.evidence[0].word] == -100


def test_a_few_documents_move_the_prompts_and_nothing_else(base):
    asking = renewed(base.model, base, WANTED)
    before = {n: p.clone() for n, p in asking.members[0].named_parameters()}
    samples = field_samples([bill(i) for i in range(2)], base, ["city", "total"])
    model = tuned(asking, ["city", "total"], samples, Way.PROMPT, PROMPT[Way.PROMPT])
    after = dict(model.members[0].named_parameters())
    moved = {n for n in before if not torch.equal(before[n], after[n])}
    assert moved <= {"label.offsets", "label.biases"} and "label.offsets" in moved


def test_tuning_every_weight_learns_what_rules_do_not_know(base):
    documents = [bill(i) for i in range(10)]
    few = tune(base.model, base, documents, WANTED, lambda d: {}, FULL)
    assert few.chosen["total"] is Way.FULL
    assert few.find(bill(11).document, base, lambda d: {})["total"] == "21.50"


def test_what_was_right_before_is_kept(base):
    documents = [bill(i) for i in range(4)]
    known = {id(d.document): {f.name: f.text for f in d.fields} for d in documents}
    few = tune(base.model, base, documents, WANTED, lambda d: known[id(d)], PROMPT)
    assert set(few.chosen.values()) == {Way.BEFORE}
    assert not few.models
    assert (
        few.find(documents[0].document, base, lambda d: known[id(d)])
        == known[id(documents[0].document)]
    )


def test_one_document_is_believed_only_where_the_field_was_wrong_on_it(base):
    one = bill(1)
    few = tune(base.model, base, [one], WANTED, lambda d: {"city": "smith"}, PROMPT)
    assert few.chosen == {"city": Way.BEFORE, "total": Way.PROMPT}


def test_a_field_that_was_trained_before_stays_as_it_was(base):
    prompts = base.model.members[0].prompts
    with torch.no_grad():
        prompts.offsets[1] = 0.5
    asking = renewed(base.model, base, (Wanted("date"), Wanted("total")))
    assert asking.members[0].prompts.offsets[1].tolist() == prompts.offsets[1].tolist()
    assert not asking.members[0].prompts.offsets[0].any()
    with torch.no_grad():
        prompts.offsets.zero_()


def test_new_fields_start_where_their_descriptions_lie(base):
    asking = renewed(base.model, base, (Wanted("total"), Wanted("date")))
    assert asking.config.labels == ("nothing", "total", "date")
    torch.testing.assert_close(
        asking.members[0].prompts.described, base.sentences(["total", "date"])
    )
    assert not asking.members[0].prompts.offsets.any()


@pytest.mark.parametrize(
    "text, truth, kind, same",
    [
        ("RM 12.50", "12.5", FieldType.MONEY, True),
        ("12.60", "12.50", FieldType.MONEY, False),
        ("25/12/2018 8:13 PM", "25 Dec 2018", FieldType.DATE, True),
        ("A.B.C. Sdn Bhd", "ABC SDN. BHD.", FieldType.STRING, True),
        (None, "x", FieldType.STRING, False),
    ],
)
def test_values_are_compared_by_what_they_mean(text, truth, kind, same):
    assert is_same(text, Field("f", kind, typed(truth, kind), truth, 1.0, ())) is same


def test_a_long_page_is_cut_into_parts_that_overlap():
    assert _starts(1000) == [0, 240, 480, 720]
    words = tuple(
        Word("a", Box(10 + i % 20, 10 * (i // 20), 15 + i % 20, 10 * (i // 20) + 8))
        for i in range(5)
    )
    assert _starts(len(words)) == [0]


def test_a_document_without_words_has_no_fields(base):
    blank = Document(Source("a", "", "image/png", 0), (Page(1, 100, 100),))
    assert guesses(base.model, ["city", "total"], blank, parts_of(blank, base)) == {}
