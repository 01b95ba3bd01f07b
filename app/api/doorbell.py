"""The API's end of the queue: it rings, and knows nothing of who hears it."""

from __future__ import annotations

from celery import Celery
from kombu.exceptions import OperationalError

from docai.errors import QueueError
from docai.jobs import BELL, Doorbell, Lane

BELL_LIVES_S = 30  # one that nobody heard in that time is rung again by the sweep
CONNECT_S = 2.0  # somebody waits for the answer to the call


def doorbell(broker: str) -> Doorbell:
    """Rings on the broker of this URL."""
    app = Celery("docai", broker=broker)
    app.conf.update(
        broker_connection_timeout=CONNECT_S,
        task_serializer="json",
        task_ignore_result=True,
        task_create_missing_queues=True,
    )

    def ring(lane: Lane, bells: int = 1) -> None:
        try:
            for _ in range(bells):
                app.send_task(
                    BELL, (lane.value,), queue=lane.value, expires=BELL_LIVES_S, retry=False
                )
        except (OperationalError, OSError) as error:
            raise QueueError(f"the broker does not answer: {error}") from error

    return ring
