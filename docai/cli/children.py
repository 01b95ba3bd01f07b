"""Processes that belong to one parent: started again when they die, ended when it ends."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

log = logging.getLogger("docai")

LOOK_EVERY_S = 0.2
GOODBYE_S = 20.0  # that children get to put their work back
HEALTHY_S = 60.0  # a child that lived so long starts again at once
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Child:
    """A process that is started again whenever it dies, ever more slowly."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: dict[str, str],
        *,
        longest_pause_s: float = 30.0,
    ) -> None:
        self._name, self._command, self._environment = name, command, environment
        self._longest_pause_s = longest_pause_s
        self._process: subprocess.Popen[bytes] | None = None
        self._started, self._pause_s = 0.0, 0.0

    def start(self) -> None:
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            start_new_session=True,  # Ctrl-C is the parent's to hear and to pass on
            preexec_fn=_die_with_parent,
        )

    def look_after(self) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            return
        lived_s = time.monotonic() - self._started
        if lived_s < self._pause_s:
            return
        if lived_s > HEALTHY_S:
            self._pause_s = 0.0
        if self._process.returncode:
            log.warning("%s ended with %s; starting it again", self._name, self._process.returncode)
        self._pause_s = min(2 * self._pause_s or 1.0, self._longest_pause_s)
        self.start()

    def ask_to_end(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()

    def end(self, by: float) -> None:
        """Waits until then, and leaves nothing of its session behind."""
        if self._process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, by - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def watch_over(children: Sequence[Child], each_look: Callable[[], None] = lambda: None) -> None:
    """Runs the children until this process is asked to end by SIGINT or SIGTERM."""
    stop: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: stop.append(number))
    try:
        for child in children:
            child.start()
        while not stop:
            time.sleep(LOOK_EVERY_S)
            for child in children:
                child.look_after()
            each_look()
    finally:
        for child in children:
            child.ask_to_end()
        by = time.monotonic() + GOODBYE_S
        for child in children:
            child.end(by)


def _die_with_parent() -> None:
    """On Linux a child ends with its parent even where that is killed; elsewhere it goes on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
