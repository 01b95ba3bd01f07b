import threading
import time

import pytest

from docai.stages import Stage, count_batch, stage, timed


def test_time_belongs_to_the_innermost_stage():
    with timed() as clock:
        before = time.perf_counter()
        with stage(Stage.LAYOUT):
            time.sleep(0.02)
            with stage(Stage.OCR):
                time.sleep(0.05)
            time.sleep(0.02)
        whole = time.perf_counter() - before
    seconds = clock.seconds()
    assert seconds[Stage.OCR] >= 0.05
    assert seconds[Stage.LAYOUT] >= 0.04
    assert 0.09 <= sum(seconds.values()) <= whole


def test_a_stage_that_still_runs_is_counted_so_far():
    with timed() as clock, stage(Stage.WRITE):
        time.sleep(0.01)
        assert clock.seconds()[Stage.WRITE] >= 0.01


def test_a_stage_that_fails_is_over():
    with timed() as clock:
        with pytest.raises(ValueError, match="no"), stage(Stage.PARSE):
            raise ValueError("no")
        parsed = clock.seconds()[Stage.PARSE]
        time.sleep(0.01)
    assert clock.seconds()[Stage.PARSE] == parsed > 0


def test_without_a_clock_nothing_is_measured_and_threads_have_their_own():
    with stage(Stage.PARSE):
        count_batch(3)
    with timed() as clock:
        thread = threading.Thread(target=count_batch, args=(2,))
        thread.start()
        thread.join()
        assert (clock.batches, clock.windows) == (0, 0)
        count_batch(4)
        count_batch(2)
    assert (clock.batches, clock.windows) == (2, 6)


def test_what_another_clock_measured_is_added_and_a_clock_that_stood_still_goes_on():
    with timed() as own, stage(Stage.PARSE):
        pass
    parsed_s = own.seconds()[Stage.PARSE]
    with timed() as batch, stage(Stage.MODEL):
        count_batch(3)
    own.add(batch)
    with timed(own), stage(Stage.WRITE):
        pass
    assert (own.batches, own.windows) == (1, 3)
    assert own.seconds()[Stage.PARSE] == parsed_s
    assert own.seconds()[Stage.MODEL] == batch.seconds()[Stage.MODEL] > 0
    assert own.seconds()[Stage.WRITE] > 0
