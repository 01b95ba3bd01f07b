"""What Prometheus may ask of this process: its calls, and the queue as the database has it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from docai.errors import StoreError
from docai.stages import Stage
from docai.store import jobs, work
from docai.store.database import Store

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """Of one application, so that two in one process (in tests) do not add up."""

    def __init__(self, store: Store) -> None:
        self._registry = CollectorRegistry()
        of_call, here = ("method", "route"), self._registry
        self._calls = Counter(
            "docai_http_requests",
            "Calls answered; `code` is that of the problem, if any",
            (*of_call, "status", "code"),
            registry=here,
        )
        self._seconds = Histogram(
            "docai_http_request_seconds",
            "From the call to the last byte of its answer",
            of_call,
            buckets=SECONDS,
            registry=here,
        )
        self._uploaded = Counter(
            "docai_uploaded_bytes", "Bytes of files that were stored", registry=here
        )
        self.under_way = Gauge("docai_http_requests_under_way", "Calls now", registry=here)
        here.register(_Queue(store))
        here.register(_Workers(store))

    def answered(self, method: str, route: str, status: int, code: str, seconds: float) -> None:
        self._calls.labels(method, route, str(status), code).inc()
        self._seconds.labels(method, route).observe(seconds)

    def uploaded(self, size: int) -> None:
        self._uploaded.inc(size)

    def text(self) -> bytes:
        return generate_latest(self._registry)


class _Queue(Collector):
    """Asked of the database each time, so that every API process says the same."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily("docai_store_up", "Whether the database answers")
        depth = GaugeMetricFamily(
            "docai_queue_documents",
            "Documents waiting or worked on",
            labels=("lane", "priority", "state"),
        )
        age = GaugeMetricFamily(
            "docai_queue_oldest_seconds",
            "How long the oldest waiting document waits",
            labels=("lane", "priority"),
        )
        try:
            for queue in jobs.queues(self._store):
                lane, priority = queue.lane.value, queue.priority.name.lower()
                depth.add_metric([lane, priority, "queued"], queue.queued)
                depth.add_metric([lane, priority, "running"], queue.running)
                age.add_metric([lane, priority], queue.oldest_s)
            up.add_metric([], 1)
        except StoreError:
            up.add_metric([], 0)
        yield from (up, depth, age)


class _Workers(Collector):
    """What workers did, whatever machine they ran on: the sums that they keep in the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        try:
            done = work.everybody(self._store)
        except StoreError:  # docai_store_up says so
            return
        tries = CounterMetricFamily(
            "docai_work_documents",
            "Tries that ended, by what was asked and how; `code` is that of the error, if any",
            labels=("task", "outcome", "code"),
        )
        pages = CounterMetricFamily(
            "docai_work_pages", "Pages of documents that were done", labels=("task",)
        )
        seconds = CounterMetricFamily(
            "docai_work_stage_seconds", "Where the time of workers went", labels=("stage",)
        )
        waited = CounterMetricFamily(
            "docai_work_wait_seconds", "From when a document was ready until a worker took it"
        )
        batches = CounterMetricFamily("docai_model_batches", "Batches through a trained model")
        windows = CounterMetricFamily("docai_model_windows", "Windows of documents in them")
        for each in done:
            labels = [each.task, each.outcome.value, each.error_code or ""]
            tries.add_metric(labels, each.documents)
        for task in sorted({each.task for each in done}):
            pages.add_metric([task], sum(each.pages for each in done if each.task == task))
        for stage in Stage:
            seconds.add_metric([stage.value], sum(each.seconds[stage] for each in done))
        waited.add_metric([], sum(each.waited_s for each in done))
        batches.add_metric([], sum(each.batches for each in done))
        windows.add_metric([], sum(each.windows for each in done))
        yield from (tries, pages, seconds, waited, batches, windows)
