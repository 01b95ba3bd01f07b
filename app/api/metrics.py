"""What Prometheus may ask of this process: its calls, and the queue as the database has it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from docai.errors import StoreError
from docai.store import jobs
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
