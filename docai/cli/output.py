"""Where results go: standard output, one file, or one file per document in a folder.

Nothing half-written is ever seen: a file gets its name, and standard output its bytes, only
when a document is whole.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from docai import serialize

IN_MEMORY = 8_000_000  # bytes of one document's result that need no temporary file


class Output:
    """The place that -o names. `suffix` is that of files made in a folder."""

    def __init__(self, target: Path | None, suffix: str, *, several: bool) -> None:
        self._suffix = suffix
        self._indent = None if several else 2
        one_file_holds_all = suffix == "json" or not several
        self._is_folder = target is not None and (target.is_dir() or not one_file_holds_all)
        self._target = target
        self._part: IO[bytes] | None = None
        self._names: set[str] = set()

    @contextlib.contextmanager
    def opened(self) -> Iterator[Output]:
        """Within it, results may be written; at its end a single file gets its name."""
        if self._target is None:
            yield self
        elif self._is_folder:
            self._target.mkdir(parents=True, exist_ok=True)
            yield self
        else:
            with _whole(self._target) as self._part:
                yield self

    def json(self, path: str, value: dict[str, Any]) -> None:
        self.text(path, [serialize.dumps(value, indent=self._indent), "\n"])

    def text(self, path: str, chunks: Iterable[str]) -> None:
        self.bytes(path, (chunk.encode("utf-8", "surrogateescape") for chunk in chunks))

    def bytes(self, path: str, chunks: Iterable[bytes]) -> None:
        """The result of the document at `path`; if making the chunks raises, nothing of it."""
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as whole:
            for chunk in chunks:
                whole.write(chunk)
            whole.seek(0)
            if self._target is not None and self._is_folder:
                with _whole(self._target / self._name(path)) as file:
                    shutil.copyfileobj(whole, file)
            else:
                shutil.copyfileobj(whole, self._part or sys.stdout.buffer)

    def _name(self, path: str) -> str:
        """Documents of the same name from different folders are numbered."""
        stem = "stdin" if path == "-" else Path(path).stem
        name, count = f"{stem}.{self._suffix}", 1
        while name in self._names:
            count += 1
            name = f"{stem}-{count}.{self._suffix}"
        self._names.add(name)
        return name


@contextlib.contextmanager
def _whole(target: Path) -> Iterator[IO[bytes]]:
    target = target.resolve()
    if target.exists() and not target.is_file():  # a device or a pipe is written to, not replaced
        with target.open("wb") as file:
            yield file
        return
    part = target.with_name(f".{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
            is_empty = file.tell() == 0
        if not is_empty:  # every document failed, and the format has no form for errors
            part.replace(target)
    finally:
        part.unlink(missing_ok=True)
