"""Parsers that are forked rather than started: a process has everything loaded, and waits.

Loading Python and pdfium costs far more than reading a small file. So each process that reads
files has one nursery (`parser.nursery` is its program), and of it a child for every file. The
nursery opens no file and hears nobody but its process: a child is as new, as alone and as limited
as one that was just started.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Sequence
from typing import IO

from docai.errors import ParserCrashed
from docai.ingest import wire

ANSWERS_WITHIN_S = 60.0  # it does nothing that takes long
ENDS_WITHIN_S = 5.0


class Nursery:
    """Raises OSError or EOFError where its process is gone."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        own, other = socket.socketpair()
        own.settimeout(ANSWERS_WITHIN_S)
        with other:
            self._process = subprocess.Popen(
                [*command, str(other.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                pass_fds=(other.fileno(),),
            )
        self._socket, self._lock = own, threading.Lock()

    def bear(self, descriptors: Sequence[int], memory_mb: int) -> int:
        """The id of a new parser for a file, a pipe of requests and one of answers."""
        return self._ask(wire.BEAR, memory_mb, descriptors)

    def status(self, pid: int, *, wait: bool) -> int | None:
        """How a parser ended, as Popen.returncode says it; None while it lives."""
        status = self._ask(wire.WAIT if wait else wire.POLL, pid)
        return None if status == wire.ALIVE else os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """Its process ends when it hears nobody any more, and its parsers end with it."""
        self._socket.close()
        try:
            self._process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, what: bytes, number: int, descriptors: Sequence[int] = ()) -> int:
        with self._lock:
            try:
                socket.send_fds(self._socket, [wire.REQUEST.pack(what, number)], list(descriptors))
                told = self._socket.recv(wire.ANSWER.size)
            except OSError:
                self._socket.close()  # an answer that comes late would be taken for the next one
                raise
        if len(told) < wire.ANSWER.size:
            raise EOFError
        return int(wire.ANSWER.unpack(told)[0])


class Born:
    """A parser of the nursery, with what the sandbox needs of a Popen."""

    def __init__(
        self,
        file_descriptor: int,
        memory_mb: int,
        command: Sequence[str],
        environment: dict[str, str],
    ) -> None:
        requests, stdin = os.pipe()
        stdout, answers = os.pipe()
        self.stdin: IO[bytes] = os.fdopen(stdin, "wb", buffering=0)
        self.stdout: IO[bytes] = os.fdopen(stdout, "rb", buffering=0)
        try:
            self._nursery, self.pid = _bear(
                (file_descriptor, requests, answers), memory_mb, command, environment
            )
        except BaseException:
            self.stdin.close()
            self.stdout.close()
            raise
        finally:
            os.close(requests)
            os.close(answers)
        self._status: int | None = None

    def poll(self) -> int | None:
        return self._ended(wait=False)

    def wait(self) -> int:
        status = self._ended(wait=True)
        assert status is not None
        return status

    def _ended(self, *, wait: bool) -> int | None:
        if self._status is None:
            try:
                self._status = self._nursery.status(self.pid, wait=wait)
            except (OSError, EOFError):  # the nursery was killed, and took its parsers with it
                self._status = -signal.SIGKILL
        return self._status


_nursery: Nursery | None = None
_changing = threading.Lock()


def _bear(
    descriptors: Sequence[int], memory_mb: int, command: Sequence[str], environment: dict[str, str]
) -> tuple[Nursery, int]:
    """By this process's nursery, or by a new one where somebody killed it."""
    global _nursery
    with _changing:
        for _ in range(2):
            try:
                if _nursery is None:
                    _nursery = Nursery(command, environment)
                return _nursery, _nursery.bear(descriptors, memory_mb)
            except (OSError, EOFError) as error:
                failed = error
                _close()
    raise ParserCrashed(f"no parser could be started: {failed}") from failed


def _close() -> None:
    global _nursery
    if _nursery is not None:
        _nursery.close()
        _nursery = None


def _forget() -> None:
    """In a process that was forked: the nursery is its parent's."""
    global _nursery, _changing
    _nursery, _changing = None, threading.Lock()


atexit.register(_close)
os.register_at_fork(after_in_child=_forget)
