"""Celery's part: processes that are woken, kept running, and replaced when they die.

A message carries one word, the lane. It is a doorbell: whoever hears it looks into the
database for work, and works until there is none. Losing, doubling or delaying a bell changes
nothing but the time of waking.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
import threading
from functools import cache
from typing import Any

from celery import Celery
from celery.signals import worker_shutting_down
from kombu.exceptions import OperationalError

from docai.errors import QueueError, StoreError
from docai.ingest.limits import Limits
from docai.jobs import BELL, Lane
from docai.models import small
from docai.options import from_environment
from docai.pipeline import ReadOptions
from docai.settings import Settings
from docai.store import claims
from docai.store.database import Store
from worker.answers import Answering
from worker.work import Worker

log = logging.getLogger("docai.worker")

SHIFT_S = 10.0  # of work for one bell; then the process hears of a shutdown, or is replaced
BELL_LIVES_S = 30  # a bell that nobody heard in that time is rung again by the sweep
MOST_BYTES = 3_000_000_000  # of memory; a process that had more is replaced after its shift

settings = from_environment(Settings, os.environ).filled()
limits = from_environment(Limits, os.environ)

_stopping = threading.Event()
_lanes: tuple[Lane, ...] = tuple(Lane)


def make_app(broker: str) -> Celery:
    app = Celery("docai", broker=broker)
    app.conf.update(
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        broker_heartbeat=0,  # a long document keeps this process from answering one
        task_create_missing_queues=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
    )
    return app


app = make_app(settings.broker)


def serve(lanes: tuple[Lane, ...]) -> None:
    """This process from now on: hears the bells of these lanes until it is asked to end.

    Raises UsageError where DOCAI_DEVICE is not there: no document is to fail for that.
    """
    global _lanes
    _lanes = lanes
    if Lane.GPU in lanes:
        Answering(settings.device).check()
    app.worker_main(
        [
            "--quiet",  # no banner: `docai up` says what there is to say
            "worker",
            "--pool=solo",
            f"--queues={','.join(lanes)}",
            "--loglevel=WARNING",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            f"--hostname={'-'.join(lanes)}-{os.getpid()}@%h",
        ]
    )


@app.task(name=BELL)  # type: ignore[untyped-decorator]  # Celery has no types
def work(lane: str) -> None:
    """One shift, in all lanes of this process; rings on where there is more in this one."""
    try:
        worker().work(for_s=SHIFT_S)
        if not _stopping.is_set() and claims.ready(_store(), Lane(lane), most=1):
            ring(Lane(lane))
    except (StoreError, QueueError) as error:
        log.error("%s; the sweep will ring again", error)
    if _most_memory() > MOST_BYTES:
        log.warning("this process used %d MB; a new one takes its place", _most_memory() >> 20)
        os.kill(os.getpid(), signal.SIGTERM)


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop(**_: Any) -> None:
    _stopping.set()


def _most_memory() -> int:
    """The most bytes that this process ever had in memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@cache
def worker() -> Worker:
    """This process's own: made when it is first needed."""
    options = from_environment(ReadOptions, os.environ)
    small.use_threads(options.threads)
    return Worker(_store(), settings, options, limits, _stopping.is_set, _lanes)


@cache
def _store() -> Store:
    return Store.from_settings(settings, durable=False)


def ring(lane: Lane, bells: int = 1) -> None:
    """Meets docai.jobs.Doorbell. Raises QueueError."""
    try:
        for _ in range(bells):
            work.apply_async((lane.value,), queue=lane.value, expires=BELL_LIVES_S)
    except (OperationalError, OSError) as error:
        raise QueueError(f"the broker does not answer: {error}") from error
