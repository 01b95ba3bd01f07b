"""A parser process that may crash, hang or swell, and costs its caller an error only.

The child gets the file as an inherited descriptor, its limits as arguments and almost no
environment. Every request has a deadline; a child that misses one is killed.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from docai import errors
from docai.errors import InputError, ParserCrashed, ParserMemory, ParserTimeout
from docai.ingest import wire
from docai.ingest.limits import Limits
from docai.ingest.nursery import Born

# -I and -S: neither PYTHON* variables, nor the user's site folder, nor .pth files reach the
# parser; it gets the folders to import from and is up in half the time.
PACKAGE_ROOT = Path(__file__).resolve().parents[2]
START = (
    "import sys; sys.path[:0] = sys.argv.pop(1).split('|');"
    " from docai.ingest import parser; parser.{}()"
)
FOLDERS = "|".join([str(PACKAGE_ROOT), *(path for path in sys.path if path)])
PARSER_COMMAND = (sys.executable, "-I", "-S", "-c", START.format("main"), FOLDERS)
NURSERY_COMMAND = (sys.executable, "-I", "-S", "-c", START.format("nursery"), FOLDERS)
HAS_NURSERY = sys.platform == "linux"  # where a child is sure to end with its parent
KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")

_CHILD_ERRORS = {
    error.code: error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, InputError)
}


class Sandbox:
    """One parser process for one file; `call` is one request and its answer.

    It comes from the nursery, or from a command of its own.
    """

    def __init__(
        self, file_descriptor: int, limits: Limits, command: Sequence[str] | None = None
    ) -> None:
        self.limits = limits
        self.spent_s = 0.0
        environment = {k: os.environ[k] for k in KEPT_ENVIRONMENT if k in os.environ}
        self._process: Born | subprocess.Popen[bytes]
        if command is None and HAS_NURSERY:
            self._process = Born(file_descriptor, limits.memory_mb, NURSERY_COMMAND, environment)
        else:
            self._process = subprocess.Popen(
                [*(command or PARSER_COMMAND), str(file_descriptor), str(limits.memory_mb)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                pass_fds=(file_descriptor,),
                start_new_session=True,  # Ctrl-C is the caller's to handle
                bufsize=0,
            )
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)  # a deaf child must not block us

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(self, request: dict[str, Any], timeout_s: float) -> tuple[dict[str, Any], bytes]:
        """The parser's answer and its raw bytes.

        Raises the InputError that the parser reports, ParserTimeout, ParserMemory or
        ParserCrashed; after the last three the process is gone.
        """
        started = time.monotonic()
        try:
            message, blob = self._exchange(wire.pack(request), started + timeout_s)
        except _Late:
            self.close()
            raise ParserTimeout(
                f"parsing did not end within {timeout_s:g} s; raise DOCAI_PAGE_TIMEOUT_S or"
                " DOCAI_OPEN_TIMEOUT_S if the file is merely large"
            ) from None
        except (EOFError, BrokenPipeError, ConnectionResetError, ValueError) as error:
            raise self._obituary() from error
        finally:
            self.spent_s += time.monotonic() - started
        if "error" in message:
            kind = _CHILD_ERRORS.get(str(message["error"]), InputError)
            raise kind(str(message.get("message", "the parser does not say what is wrong")))
        return message, blob

    def close(self) -> None:
        """Kills the process, if it still runs, and reaps it."""
        self._kill_if_alive()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()

    def _kill_if_alive(self) -> None:
        if self.alive:
            os.killpg(self._process.pid, signal.SIGKILL)

    def _exchange(self, request: bytes, deadline: float) -> tuple[dict[str, Any], bytes]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        _write_all(stdin, request, deadline)
        json_length, blob_length = wire.LENGTHS.unpack(
            _read_exactly(stdout, wire.LENGTHS.size, deadline)
        )
        if json_length > wire.MAX_JSON or blob_length > 4 * self.limits.max_pixels + 4096:
            raise ValueError("the parser's answer is larger than any page")
        message = wire.unpack_json(_read_exactly(stdout, json_length, deadline))
        return message, _read_exactly(stdout, blob_length, deadline)

    def _obituary(self) -> InputError:
        """Why the child is gone, as well as can be known."""
        self._kill_if_alive()
        status = self._process.wait()
        self.close()
        if status == wire.MEMORY_STATUS:
            return ParserMemory(
                f"parsing needs more than {self.limits.memory_mb} MB;"
                " raise DOCAI_MEMORY_MB if the file is to be trusted"
            )
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        return ParserCrashed(
            f"the parser died on it ({how}): the file is damaged or hostile, or needs more than"
            f" {self.limits.memory_mb} MB. Printing it to a new PDF often helps"
        )


class _Late(Exception):
    """The deadline has passed."""


def _write_all(pipe: IO[bytes], data: bytes, deadline: float) -> None:
    unsent = memoryview(data)
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_WRITE)
        while unsent:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise _Late
            unsent = unsent[os.write(pipe.fileno(), unsent) :]


def _read_exactly(pipe: IO[bytes], count: int, deadline: float) -> bytes:
    received = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while len(received) < count:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise _Late
            part = os.read(pipe.fileno(), min(count - len(received), 1 << 20))
            if not part:
                raise EOFError
            received += part
    return bytes(received)
