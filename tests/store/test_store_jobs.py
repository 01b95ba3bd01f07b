import pytest
from stored import INVOICE, counts, fail, finish, result, submit, take, upload

from docai.document import Source  # noqa: F401
from docai.errors import BrokenDocument, Conflict, EngineError, LeaseLost, NotFound
from docai.jobs import ANSWER, ItemState, JobState, Lane, Priority, Request
from docai.store import claims, documents, jobs, results, webhooks

QUESTION = Request(ANSWER, questions=("What is the total?",))


def state(store, job):
    return jobs.get(store, "ann", job.id).state


def test_a_job_from_submission_to_results(store):
    job = submit(store, count=3)
    assert counts(store, job) == {"queued": 3}
    first, second, third = take(store, most=8)
    assert [claim.filename for claim in (first, second, third)] == [
        "doc0.pdf",
        "doc1.pdf",
        "doc2.pdf",
    ]
    finish(store, first)
    fail(store, second, BrokenDocument("it is cut off"))
    assert state(store, job) is JobState.ACTIVE
    finish(store, third)
    assert counts(store, job) == {"done": 2, "failed": 1}
    assert state(store, job) is JobState.FINISHED
    done, failed, _ = results.of_job(store, "ann", job.id)
    assert done.result == result()
    assert (failed.result, failed.error["code"]) == (None, "broken_document")
    (failure,) = jobs.failures(store, "ann", job.id)
    assert "failed, broken_document: it is cut off" in failure.story[0]
    assert documents.get(store, "ann", second.document_id).status == "failed"


def test_what_is_claimed_is_nobody_elses(store):
    submit(store, count=3)
    mine, theirs = take(store, most=2), take(store, most=2, worker="w2")
    assert (len(mine), len(theirs)) == (2, 1)
    assert take(store) == ()


def test_results_are_written_once_whoever_comes_late(store, clock):
    job = submit(store)
    (late,) = take(store, lease_s=10)
    clock.advance(11)
    assert claims.sweep(store, most_deaths=3).returned == 1
    (quick,) = take(store, worker="w2")
    with pytest.raises(LeaseLost):
        finish(store, late)
    finish(store, quick)
    with pytest.raises(LeaseLost):
        finish(store, quick)
    assert counts(store, job) == {"done": 1}
    assert len(results.of_document(store, "ann", quick.document_id)) == 1


def test_a_lease_that_is_renewed_is_not_swept(store, clock):
    submit(store)
    (claim,) = take(store, lease_s=10)
    for _ in range(5):
        clock.advance(8)
        assert claims.renew(store, claim.token, lease_s=10) == {claim.item_id}
        assert claims.sweep(store, most_deaths=3) == claims.Swept(0, 0)


def test_only_the_document_in_hand_is_blamed_and_it_is_claimed_alone_after(store, clock):
    submit(store, count=4)
    first, *_ = take(store, most=4, lease_s=10)
    finish(store, first)
    clock.advance(11)
    assert claims.sweep(store, most_deaths=3) == claims.Swept(returned=3, poisoned=0)
    innocent = take(store, most=4)
    assert [claim.filename for claim in innocent] == ["doc2.pdf", "doc3.pdf"]
    (blamed,) = take(store, most=4)
    assert (blamed.filename, blamed.deaths) == ("doc1.pdf", 1)


def test_a_document_that_was_read_and_waits_is_not_the_one_in_hand(store, clock):
    submit(store, count=3, request=QUESTION)
    first, second, _ = take(store, most=3, lease_s=10)
    claims.keep_read(store, first, [], page_count=1)
    clock.advance(11)  # it died reading the second
    assert claims.sweep(store, most_deaths=3).returned == 3
    assert [claim.filename for claim in take(store, most=3)] == ["doc0.pdf", "doc2.pdf"]
    (blamed,) = take(store, most=3)
    assert (blamed.filename, blamed.deaths) == (second.filename, 1)
    with pytest.raises(LeaseLost):
        claims.keep_read(store, first, [], page_count=1)


def test_questions_of_several_jobs_are_claimed_together_but_not_of_bulk_and_of_those_who_wait(
    store,
):
    submit(store, name="bulk", request=QUESTION)
    for owner in ("ann", "bob", "cid"):
        submit(store, owner=owner, name=owner, priority=Priority.INTERACTIVE, request=QUESTION)
    waited_for = take(store, most=8)
    assert [claim.owner for claim in waited_for] == ["ann", "bob", "cid"]
    assert {(claim.token, claim.rest) for claim in waited_for} == {(waited_for[0].token, 0)}
    for claim in waited_for:
        finish(store, claim)
        assert jobs.get(store, claim.owner, claim.job_id).state is JobState.FINISHED
    assert [claim.filename for claim in take(store, most=8)] == ["bulk0.pdf"]


def test_other_tasks_are_claimed_job_by_job(store):
    for owner in ("ann", "bob"):
        submit(store, owner=owner, name=owner, priority=Priority.INTERACTIVE)
    assert len(take(store, most=8)) == 1


def test_a_blamed_question_takes_no_other_job_with_it(store, clock):
    submit(store, request=QUESTION)
    take(store, lease_s=10)
    clock.advance(11)
    claims.sweep(store, most_deaths=3)
    submit(store, owner="bob", name="bob", request=QUESTION)
    innocent, blamed = take(store, most=8), take(store, most=8)
    assert ([c.deaths for c in innocent], [c.deaths for c in blamed]) in (([0], [1]), ([1], [0]))


def test_a_document_that_kills_three_workers_is_set_aside_with_its_story(store, clock):
    job = submit(store)
    for number in range(3):
        take(store, worker=f"w{number}", lease_s=10)
        clock.advance(11)
        claims.sweep(store, most_deaths=3)
    assert counts(store, job) == {"poisoned": 1}
    assert state(store, job) is JobState.FINISHED
    (failure,) = jobs.failures(store, "ann", job.id)
    assert (failure.code, failure.state) == ("poisoned", ItemState.POISONED)
    assert [f"w{i}: the worker died" in failure.story[i] for i in range(3)] == [True] * 3
    assert take(store) == ()


def test_a_worker_that_was_only_cut_off_takes_the_blame_back(store, clock):
    job = submit(store)
    for _ in range(3):
        (claim,) = take(store, lease_s=10)
        clock.advance(11)
        claims.sweep(store, most_deaths=3)
    assert counts(store, job) == {"poisoned": 1}
    claims.give_back(store, [claim], most_deaths=3)
    claims.give_back(store, [claim], most_deaths=3)  # twice is once
    assert counts(store, job) == {"queued": 1}
    assert state(store, job) is JobState.ACTIVE
    (again,) = take(store)
    assert again.deaths == 2


def test_an_engine_is_tried_again_later_and_a_broken_document_never(store, clock):
    submit(store)
    for tries in range(2):
        (claim,) = take(store)
        assert (claim.tries, fail(store, claim, EngineError("no memory"))) == (tries, "queued")
        assert take(store) == ()
        clock.advance(1.25 * 2 * 2**tries)
    (claim,) = take(store)
    assert fail(store, claim, EngineError("no memory")) is ItemState.FAILED
    submit(store, name="broken")
    (claim,) = take(store)
    assert fail(store, claim, BrokenDocument("cut off")) is ItemState.FAILED


def test_one_owners_huge_job_does_not_starve_anothers_small_one(store, clock):
    submit(store, count=20, owner="ann")
    submit(store, count=2, owner="bob", name="small")
    order = []
    for _ in range(6):  # one worker alone: nothing is ever under way when it claims
        (claim,) = take(store)
        order.append(claim.filename[0])
        clock.advance(0.1)
        finish(store, claim)
    assert "".join(order[:4]) in ("dsds", "sdsd")
    assert order[4:] == ["d", "d"]


def test_the_owner_with_the_fewest_under_way_comes_next(store, clock):
    submit(store, count=9, owner="ann")
    take(store, most=3)
    submit(store, count=9, owner="bob", name="bobs")
    clock.advance(1)
    assert [claim.filename[:4] for claim in take(store, most=2)] == ["bobs", "bobs"]
    clock.advance(1)
    assert take(store)[0].filename.startswith("bobs")  # bob has 2 under way, ann 3


def test_somebody_who_waits_comes_before_bulk(store):
    submit(store, count=5)
    submit(store, owner="bob", name="urgent", priority=Priority.INTERACTIVE)
    assert take(store)[0].filename == "urgent0.pdf"


def test_pause_resume_and_cancel(store):
    job = submit(store, count=3)
    (held,) = take(store)
    jobs.pause(store, "ann", job.id)
    assert take(store) == ()
    assert claims.renew(store, held.token, lease_s=60) == set()  # stop at the next page
    claims.give_back(store, [held], most_deaths=3)
    jobs.resume(store, "ann", job.id)
    (held,) = take(store)
    finish(store, held)
    jobs.cancel(store, "ann", job.id)
    jobs.cancel(store, "ann", job.id)
    assert counts(store, job) == {"done": 1, "cancelled": 2}
    assert state(store, job) is JobState.CANCELLED
    for call in (jobs.resume, jobs.retry):
        with pytest.raises(Conflict):
            call(store, "ann", job.id)


def test_what_is_cancelled_under_way_is_not_written(store):
    job = submit(store)
    (held,) = take(store)
    jobs.cancel(store, "ann", job.id)
    with pytest.raises(LeaseLost):
        finish(store, held)
    assert counts(store, job) == {"cancelled": 1}


def test_failed_documents_are_retried_as_if_new(store):
    job = submit(store, count=2)
    good, bad = take(store, most=2)
    finish(store, good)
    fail(store, bad, BrokenDocument("cut off"))
    assert jobs.retry(store, "ann", job.id) == 1
    assert (state(store, job), counts(store, job)) == (JobState.ACTIVE, {"done": 1, "queued": 1})
    (bad,) = take(store)
    finish(store, bad)
    assert (state(store, job), counts(store, job)) == (JobState.FINISHED, {"done": 2})
    assert jobs.retry(store, "ann", job.id) == 0


def test_the_same_key_gives_the_same_job(store):
    ids = [upload(store).id]
    first, is_new = jobs.submit(
        store, "ann", INVOICE, ids, idempotency_key="k", idempotency_hash="1"
    )
    again, is_new_again = jobs.submit(
        store, "ann", INVOICE, ids, idempotency_key="k", idempotency_hash="1"
    )
    assert (is_new, is_new_again, again.id) == (True, False, first.id)
    with pytest.raises(Conflict):
        jobs.submit(store, "ann", INVOICE, ids, idempotency_key="k", idempotency_hash="2")
    upload(store, owner="bob")
    assert claims.ready(store, Lane.CPU, most=9) == 1


def test_nobody_sees_or_touches_the_jobs_of_others(store):
    job = submit(store)
    calls = (
        jobs.get,
        jobs.progress,
        jobs.failures,
        jobs.pause,
        jobs.resume,
        jobs.cancel,
        jobs.retry,
    )
    for call in (*calls, results.of_job):
        with pytest.raises(NotFound):
            call(store, "bob", job.id)
    with pytest.raises(NotFound):
        jobs.submit(store, "bob", INVOICE, [upload(store).id])
    assert jobs.several(store, "bob", after=None, most=9) == []
    assert counts(store, job) == {"queued": 1}


def test_the_same_asked_again_needs_no_work(store):
    document = upload(store)
    for _ in range(2):
        jobs.submit(store, "ann", INVOICE, [document.id])
    (first,) = take(store)
    finish(store, first)
    (second,) = take(store)
    assert claims.finish_as_before(store, second, result()["model"])
    assert len(results.of_document(store, "ann", document.id)) == 1
    other_model = {**result()["model"], "version": "2"}
    submit(store, name="other")
    (third,) = take(store)
    assert not claims.finish_as_before(store, third, other_model)


def test_progress_tells_speed_and_the_time_left(store, clock):
    job = submit(store, count=10)
    assert jobs.progress(store, "ann", job.id).eta_s is None
    for _ in range(4):
        clock.advance(5)
        finish(store, take(store)[0])
    told = jobs.progress(store, "ann", job.id)
    assert (told.total, told.pages_done) == (10, 4)
    assert told.documents_per_s == told.pages_per_s == pytest.approx(0.2)
    assert told.eta_s == pytest.approx(30)


def test_a_job_that_nobody_closed_is_closed_by_the_sweep(store, monkeypatch):
    job = submit(store)
    monkeypatch.setattr(jobs, "close_if_done", lambda store, id: False)  # the worker died just then
    finish(store, take(store)[0])
    monkeypatch.undo()
    assert state(store, job) is JobState.ACTIVE
    assert jobs.close_all(store) == 1
    assert state(store, job) is JobState.FINISHED


def test_a_finished_job_leaves_one_delivery_for_its_webhook(store, clock):
    hook = webhooks.add(store, "ann", "https://example.org/hook")
    document = upload(store)
    job, _ = jobs.submit(store, "ann", INVOICE, [document.id], webhook_id=hook.id)
    assert webhooks.take_due(store, most=9, lease_s=30) == []
    finish(store, take(store)[0])
    (delivery,) = webhooks.take_due(store, most=9, lease_s=30)
    assert (delivery.event, delivery.url, delivery.secret) == (
        "job.finished",
        hook.url,
        hook.secret,
    )
    assert delivery.payload == {"job": str(job.id), "state": "finished", "counts": {"done": 1}}
    assert webhooks.take_due(store, most=9, lease_s=30) == []  # it is on its way
    webhooks.not_delivered(store, delivery.id, "refused", 503, again_in_s=60)
    clock.advance(61)
    (again,) = webhooks.take_due(store, most=9, lease_s=30)
    assert again.tries == 1
    webhooks.delivered(store, again.id, 200)
    clock.advance(600)
    assert webhooks.take_due(store, most=9, lease_s=30) == []
