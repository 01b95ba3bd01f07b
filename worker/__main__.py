"""`python -m worker cpu|gpu|all|sweep [--processes N]`: one service of the compose file.

"cpu" reads, recognises and goes by rules; "gpu" answers questions with the model; "all" does both.

Each process of a worker is a Celery worker of its own, with the pool "solo": Celery's own pools of
processes lose count when one is killed at the wrong moment, and hear no bell any more.
"""

from __future__ import annotations

import argparse
import os
import sys

from docai.cli.children import Child, watch_over
from docai.errors import UsageError
from docai.jobs import Lane
from docai.log import set_up_logging
from docai.options import from_environment
from docai.settings import Settings

ALL = "all"
LONGEST_PAUSE_S = 2.0  # before a process that keeps dying is started again


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m worker")
    parser.add_argument("role", choices=[*Lane, ALL, "sweep"])
    cores = os.cpu_count() or 1
    help = "documents worked on at the same time (default: all cores)"
    parser.add_argument("--processes", type=int, default=cores, help=help)
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)  # one of them
    given = parser.parse_args()
    settings = from_environment(Settings, os.environ)
    set_up_logging(as_json=settings.log == "json", prefix=f"{given.role}: ")
    if given.role == "sweep":
        _sweep(settings)
    elif given.alone:
        _work(tuple(Lane) if given.role == ALL else (Lane(given.role),))
    else:
        # Each process reads with its share of the cores, unless somebody said otherwise.
        os.environ.setdefault("DOCAI_THREADS", str(max(1, cores // given.processes)))
        command, pause_s = [*sys.orig_argv, "--alone"], LONGEST_PAUSE_S
        environment = dict(os.environ)
        names = [f"{given.role} worker {number}" for number in range(given.processes)]
        watch_over([Child(n, command, environment, longest_pause_s=pause_s) for n in names])


def _work(lanes: tuple[Lane, ...]) -> None:
    from worker.celery_app import serve

    try:
        serve(lanes)
    except UsageError as error:
        sys.exit(f"{'+'.join(lanes)} worker: {error}")


def _sweep(settings: Settings) -> None:
    from docai.store.database import Store
    from docai.webhooks import WebhookOptions
    from worker.celery_app import ring
    from worker.sweep import run

    hooks = from_environment(WebhookOptions, os.environ)
    run(Store.from_settings(settings), ring, settings, hooks)


if __name__ == "__main__":
    main()
