"""`docai models fetch`: the only module that may touch the network, and only when called.

What may be fetched is in catalogue.json beside this file. Every file has a sha256; one
without waits until the user says which he expects.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from docai.errors import EngineError, ModelError, ModelMissing, UsageError

TIMEOUT_S = 30  # without a byte
CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class RemoteFile:
    name: str
    url: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One name that can be fetched. `config` is written as config.json beside its files."""

    name: str
    summary: str
    licence: str
    then: str  # what to do with the files, for the user
    files: tuple[RemoteFile, ...]
    config: Mapping[str, Any] = field(default_factory=dict)


def catalogue() -> dict[str, Entry]:
    text = resources.files("docai.models").joinpath("catalogue.json").read_text("utf-8")
    return {entry.name: entry for entry in map(_entry, json.loads(text))}


def fetch(name: str, *, into: Path, sha256: Mapping[str, str] | None = None) -> Path:
    """Download everything of `name` to the folder `into/name` and return it.

    A second call goes on where the first was cut off, and does nothing where all is there.
    `sha256` (file name to hex) is for the files that have none on record.
    """
    try:
        entry = catalogue()[name]
    except KeyError:
        known = ", ".join(sorted(catalogue()))
        raise ModelMissing(f"'{name}' is not in the catalogue; it has {known}") from None
    expected = {file.name: file.sha256 or (sha256 or {}).get(file.name) for file in entry.files}
    if unknown := [file for file, digest in expected.items() if digest is None]:
        raise UsageError(
            f"no sha256 is on record for {unknown[0]} of '{name}': get it from its publisher and "
            "give it as FILE=HEX with --sha256"
        )
    folder = into / name
    folder.mkdir(parents=True, exist_ok=True)
    for file in entry.files:
        download(file.url, folder / file.name, sha256=str(expected[file.name]))
    if entry.config:
        (folder / "config.json").write_text(json.dumps(entry.config, indent=1) + "\n", "utf-8")
    return folder


def download(url: str, path: Path, *, sha256: str) -> None:
    """`url` to `path`, by way of `path`.part, which a later call goes on with.

    Raises EngineError where the network fails and ModelError where the bytes are not those.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"{url} is not on the web")
    if path.is_file() and _sha256(path) == sha256:
        return
    part = path.with_name(path.name + ".part")
    try:
        _receive(url, part)
    except (URLError, TimeoutError, ConnectionError) as error:
        raise EngineError(f"{url}: {error}; run the command again to go on from here") from error
    if (found := _sha256(part)) != sha256:
        part.unlink()
        raise ModelError(f"{path.name} has sha256 {found}, not {sha256}; it was thrown away")
    part.replace(path)


def _receive(url: str, part: Path) -> None:
    from tqdm import tqdm

    have = part.stat().st_size if part.exists() else 0
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urlopen(request, timeout=TIMEOUT_S)
    except HTTPError as error:
        error.close()
        if error.code == 416:  # nothing after what we have: the sum will say if that is all
            return
        raise
    with answer:
        if answer.status != 206:  # the server does not resume, so this is the start again
            have = 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        with (
            part.open("ab" if have else "wb") as file,
            # On a terminal only; on standard error, as all progress.
            tqdm(total=total, initial=have, unit="B", unit_scale=True, disable=None) as bar,
        ):
            _copy(answer, file, bar)
    if total is not None and part.stat().st_size < total:
        raise ConnectionError(f"cut off after {part.stat().st_size} of {total} bytes")


def _copy(source: IO[bytes], target: IO[bytes], bar: Any) -> None:
    while chunk := source.read(CHUNK):
        target.write(chunk)
        bar.update(len(chunk))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entry(values: dict[str, Any]) -> Entry:
    files = tuple(RemoteFile(**file) for file in values.pop("files"))
    return Entry(**values, files=files)
