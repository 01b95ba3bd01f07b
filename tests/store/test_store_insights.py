"""What an owner's documents came to, and what workers did: the sums that the database keeps."""

import time
from datetime import timedelta

import pytest
from stored import fail, finish, result, submit, take

from docai.errors import BrokenDocument, EngineError
from docai.jobs import AttemptOutcome, Request
from docai.results import FieldType
from docai.stages import Stage, stage, timed
from docai.store import claims, documents, jobs, outlook, results, work
from docai.store.insights import insights
from docai.store.results import Change


def seen(store, owner="ann", days=30):
    return insights(store, owner, since=store.now().date() - timedelta(days=days - 1))


def done(store, count=1, **named):
    """The ids of documents that were worked on."""
    submit(store, count, **named)
    found = take(store, most=count)
    for claim in found:
        finish(store, claim)
    return [claim.document_id for claim in found]


def correct(store, document_id, *changes):
    return results.correct(store, "ann", document_id, "invoice", changes, "ann")


def field(found, name, kind="field"):
    return next(each for each in found.fields if (each.kind, each.name) == (kind, name))


def test_nothing_was_done_yet(store):
    found = seen(store)
    assert (found.days, found.work, found.fields) == ((), (), ())
    assert (found.reviewed, found.accuracy) == (0, None)
    assert sum(each.values for each in found.confidences) == 0


def test_documents_pages_and_failures_are_counted_by_day(store, clock):
    done(store, 3)
    clock.advance(24 * 3600)
    done(store, 1, name="next")
    submit(store, 1, name="broken")
    (claim,) = take(store)
    fail(store, claim, BrokenDocument("cut off"))
    first, second = seen(store).days
    assert second.day - first.day == timedelta(days=1)
    assert (first.documents, first.pages, first.failed) == (3, 3, 0)
    assert (second.documents, second.pages, second.failed) == (1, 1, 1)
    assert [each.day for each in seen(store, days=1).days] == [second.day]


def test_each_owner_sees_their_own(store):
    document_id, *_ = done(store, 2)
    correct(store, document_id, Change("vendor_name", "Tea Ltd"))
    done(store, 1, owner="bob", name="bobs")
    bobs = seen(store, "bob")
    assert (bobs.days[0].documents, bobs.reviewed, bobs.accuracy) == (1, 0, None)
    assert [field(bobs, "vendor_name").values, field(seen(store), "vendor_name").values] == [1, 2]
    assert seen(store, "eve").fields == ()


def test_sums_outlive_the_documents_and_results_do_not(store):
    (document_id,) = done(store)
    documents.remove(store, "ann", document_id)
    found = seen(store)
    assert found.days[0].documents == 1
    assert found.fields == ()


def test_how_right_it_was_is_what_people_said(store):
    first, *_ = done(store, 3)
    correct(
        store,
        first,
        Change("vendor_name", "Tea Ltd"),
        Change("subtotal", None),
        Change("invoice_id", "17", type=FieldType.STRING),
        Change("description", "Tea", kind="item", row=0),  # confirms it
    )
    found = seen(store)
    assert found.reviewed == 1
    wrong, taken, added = (field(found, n) for n in ("vendor_name", "subtotal", "invoice_id"))
    assert (wrong.values, wrong.reviewed, wrong.right, wrong.accuracy) == (3, 1, 0, 0.0)
    assert (taken.values, taken.reviewed, taken.right, taken.accuracy) == (3, 1, 0, 0.0)
    assert (added.values, added.reviewed, added.added, added.accuracy) == (0, 0, 1, 0.0)
    assert field(found, "description", "item").accuracy == 1.0
    untouched = field(found, "invoice_date")
    assert (untouched.reviewed, untouched.right, untouched.corrected) == (1, 1, 0)
    # Right: the date, the item's description and quantity. Wrong: the other three.
    assert found.accuracy == pytest.approx(3 / 6)


def test_a_value_that_was_changed_back_was_right(store):
    (document_id,) = done(store)
    correct(store, document_id, Change("vendor_name", "Tea Ltd"))
    correct(store, document_id, Change("vendor_name", "=2+3"))
    assert field(seen(store), "vendor_name").accuracy == 1.0


def test_a_correction_that_was_taken_back_never_was(store):
    (document_id,) = done(store)
    correct(store, document_id, Change("vendor_name", "Tea Ltd"))
    results.undo(store, "ann", document_id, "invoice", "ann")
    found = seen(store)
    assert (found.reviewed, found.accuracy) == (0, None)
    assert field(found, "vendor_name").values == 1


def test_a_result_that_somebody_stands_behind_is_right(store):
    (document_id,) = done(store)
    outlook.review(store, "ann", document_id, "invoice", "ann")
    found = seen(store)
    assert (found.reviewed, found.accuracy) == (1, 1.0)
    outlook.reopen(store, "ann", document_id, "invoice")
    assert seen(store).accuracy is None


def test_confidence_is_what_the_machine_said_before_anybody_corrected(store):
    first, _ = done(store, 2)
    correct(store, first, Change("vendor_name", "Tea Ltd"))
    bins = {each.low: each for each in seen(store).confidences}
    assert len(bins) == 10
    at = bins[0.7]  # every value of the example has 0.75
    assert (at.high, at.values, at.reviewed, at.right) == (0.8, 10, 5, 4)
    assert sum(each.values for each in bins.values()) == 10


def test_a_certain_value_is_in_the_last_bin_and_a_hopeless_one_in_the_first(store):
    submit(store)
    (claim,) = take(store)
    said = result()
    for each, confidence in zip(said["fields"], (1.0, 0.0, 0.9), strict=True):
        each["confidence"] = confidence
    claims.finish(store, claim, {**said, "items": []}, [], page_count=1)
    assert [each.values for each in seen(store).confidences] == [1, *[0] * 8, 2]


def test_where_the_time_went_is_added_up(store, clock):
    for number in range(2):
        submit(store, 1, name=f"timed{number}")
        clock.advance(3)
        (claim,) = take(store)
        with timed() as watch, stage(Stage.PARSE):
            with stage(Stage.OCR):
                time.sleep(0.01)
            claims.finish(store, claim, result(), [], page_count=5, clock=watch)
    (sums,) = seen(store).work
    assert (sums.task, sums.outcome, sums.error_code) == ("invoice", AttemptOutcome.DONE, None)
    assert (sums.documents, sums.pages, sums.waited_s) == (2, 10, pytest.approx(6))
    assert sums.seconds[Stage.OCR] >= 0.02
    assert sums.seconds[Stage.PARSE] > 0 == sums.seconds[Stage.TASK]


def test_every_way_in_which_a_try_ends_is_counted(store, clock):
    submit(store, 2, name="tried")
    first, _ = take(store, most=2, lease_s=1)
    fail(store, first, EngineError("no answer"))
    clock.advance(5)
    claims.sweep(store, most_deaths=3)  # whoever had the second one died
    clock.advance(60)
    again, other = take(store), take(store)
    for claim in (*again, *other):
        finish(store, claim)
    found = {(w.outcome, w.error_code): w.documents for w in work.everybody(store)}
    assert found == {
        (AttemptOutcome.RETRIED, "engine_failed"): 1,
        (AttemptOutcome.LOST, None): 1,
        (AttemptOutcome.DONE, None): 2,
    }


def test_a_result_that_was_there_already_counts_as_done(store):
    (document_id,) = done(store)
    jobs.submit(store, "ann", Request("invoice"), [document_id])
    (claim,) = take(store)
    assert claims.finish_as_before(store, claim, result()["model"])
    assert seen(store).days[0].documents == 2
