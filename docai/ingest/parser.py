"""The program inside the sandbox: parses one file, answers requests, trusts nothing.

It is started by docai.ingest.sandbox with the file's descriptor and the memory limit, and
imports only what the file's format needs; or it is forked of a nursery (docai.ingest.nursery).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import signal
import socket
import sys
from typing import IO, TYPE_CHECKING, Any, Protocol

from docai.errors import BrokenDocument, InputError
from docai.ingest import wire
from docai.ingest.sniff import PDF

if TYPE_CHECKING:
    from docai.ingest.searchable import SearchablePdf


Answer = tuple[dict[str, Any], bytes]


class Parser(Protocol):
    """What a format offers. Page numbers count from 1; a page is an object and its boxes."""

    page_count: int

    def page(self, number: int) -> Answer: ...

    def pixels(self, number: int, dpi: float) -> Answer:
        """RGB rows of the upright page; "stride" bytes apart, at the "dpi" that was possible."""
        ...


class Session:
    """One file, and what has been asked of it. Every public method is a request."""

    def __init__(self, file_descriptor: int) -> None:
        self._file_descriptor = file_descriptor
        self._opened: dict[str, Any] = {}
        self._parser: Parser | None = None
        self._searchable: SearchablePdf | None = None

    def open(self, request: dict[str, Any]) -> Answer:
        self._opened = request
        if request["media_type"] == PDF:
            from docai.ingest.pdf import PdfParser

            path = f"/dev/fd/{self._file_descriptor}"
            self._parser = PdfParser(path, request["password"], request["max_pixels"])
        else:
            from docai.ingest.picture import PictureParser

            self._parser = PictureParser(self._file_descriptor, request["max_pixels"])
        return {"pages": self._parser.page_count}, b""

    def page(self, request: dict[str, Any]) -> Answer:
        assert self._parser is not None
        return self._parser.page(request["page"])

    def pixels(self, request: dict[str, Any]) -> Answer:
        assert self._parser is not None
        return self._parser.pixels(request["page"], request["dpi"])

    def rewrite(self, request: dict[str, Any]) -> Answer:
        """Begins the searchable PDF, which `layer` and `searchable` need."""
        from docai.ingest.searchable import SearchablePdf

        about = (self._opened[key] for key in ("media_type", "password", "max_pixels"))
        self._searchable = SearchablePdf(self._file_descriptor, *about)
        return {}, b""

    def layer(self, request: dict[str, Any]) -> Answer:
        """Words to lay over a page of the searchable PDF."""
        assert self._searchable is not None
        where = request["page"], request["rotation"], request["skew"]
        self._searchable.add_words(*where, request["words"])
        return {}, b""

    def searchable(self, request: dict[str, Any]) -> Answer:
        assert self._searchable is not None
        return {}, self._searchable.save()


def main() -> None:
    """A process for one file."""
    serve(int(sys.argv[1]), int(sys.argv[2]))


def nursery() -> None:
    """A process for many files, which parses none: each gets a child.

    Until the other end of its socket is closed it is asked to bear a child for a file, a pipe of
    requests and one of answers, or how a child ended; it answers with a number.
    """
    import docai.ingest.pdf  # noqa: F401  # what most files need

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's to handle
    gc.freeze()  # what is shared with children stays shared
    control = socket.socket(fileno=int(sys.argv[1]))
    while message := socket.recv_fds(control, wire.REQUEST.size, 3):
        if len(message[0]) < wire.REQUEST.size:
            return
        what, number = wire.REQUEST.unpack(message[0])
        told = _bear(control, message[1], number) if what == wire.BEAR else _status(what, number)
        control.sendall(wire.ANSWER.pack(told))


def _bear(control: socket.socket, descriptors: list[int], memory_mb: int) -> int:
    """The child's id; in the child it never returns."""
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):  # the other side sees the pipe close
            os.setpgid(0, 0)
            control.close()
            serve(_as_if_started(descriptors), memory_mb)
            os._exit(0)
        os._exit(1)
    with contextlib.suppress(OSError):  # whoever is first: it has to be done before the answer
        os.setpgid(pid, pid)
    for descriptor in descriptors:
        os.close(descriptor)
    return pid


def _as_if_started(descriptors: list[int]) -> int:
    """Pipes as standard input and output; the descriptor of the file, and no other open."""
    file, requests, answers = descriptors
    os.dup2(requests, 0)
    os.dup2(answers, 1)
    os.closerange(3, file)
    os.closerange(file + 1, max(descriptors) + 1)  # the pipes, under the numbers they came with
    return file


def _status(what: bytes, pid: int) -> int:
    try:
        ended, status = os.waitpid(pid, 0 if what == wire.WAIT else os.WNOHANG)
    except ChildProcessError:
        return int(signal.SIGKILL)
    return status if ended else wire.ALIVE


def serve(file_descriptor: int, memory_mb: int) -> None:
    """Answers requests about the file until the other side closes its pipe."""
    requests, answers = _private_pipes()
    _confine(memory_mb)
    session = Session(file_descriptor)
    while request := _receive(requests):
        try:
            message, blob = getattr(session, request["do"])(request)
        except MemoryError:
            os._exit(wire.MEMORY_STATUS)
        except InputError as error:
            message, blob = {"error": error.code, "message": str(error)}, b""
        except Exception as error:  # whatever a library raises on a hostile file is its doing
            text = f"it cannot be parsed ({type(error).__name__}: {str(error)[:200]})"
            message, blob = {"error": BrokenDocument.code, "message": text}, b""
        answers.write(wire.pack(message, blob))
        answers.flush()


def _private_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """The two pipes under new numbers, so that a library that prints cannot garble them."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    return requests, answers


def _receive(requests: IO[bytes]) -> dict[str, Any] | None:
    lengths = requests.read(wire.LENGTHS.size)
    if len(lengths) < wire.LENGTHS.size:
        return None  # the reader has closed its end: done
    json_length, _ = wire.LENGTHS.unpack(lengths)
    return wire.unpack_json(requests.read(json_length))


def _confine(memory_mb: int) -> None:
    memory = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it has nothing to write
    if sys.platform == "linux":
        pr_set_pdeathsig, pr_set_no_new_privs = 1, 38
        libc = ctypes.CDLL(None)
        libc.prctl(pr_set_pdeathsig, signal.SIGKILL)
        libc.prctl(pr_set_no_new_privs, 1, 0, 0, 0)
