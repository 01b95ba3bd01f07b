"""Files of a folder through the API, as they are and damaged: `tools/fuzz_uploads.py DIR`.

Starts `docai up` in a fresh data folder. Each file is uploaded whole, cut off, and with bytes
changed at random (--seed); of each that is taken the first page is drawn and the fields are asked
for, with the text layer alone, so that no time goes into OCR. Prints how often which status came,
and what became of the documents; ends with 1 where a call got a 5xx but 503 and 504, or a document
neither a result nor a reason.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx

from docai.settings import Settings
from docai.store import keys, migrate
from docai.store.database import Store
from docai.store.keys import Scope

PATIENCE_S = 600.0  # without any document done
BUSY = (503, 504)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--files", type=int, help="so many of them, chosen at random")
    given = parser.parse_args()
    chance = random.Random(given.seed)
    paths = sorted(path for path in given.folder.rglob("*") if path.is_file())
    if given.files:
        paths = sorted(chance.sample(paths, min(given.files, len(paths))))
    print(f"{len(paths)} files, seed {given.seed}")
    with tempfile.TemporaryDirectory(prefix="docai-") as folder, up(Path(folder)) as http:
        statuses: Counter[tuple[str, int]] = Counter()
        documents = upload_all(http, paths, chance, statuses)
        counts = extract_all(http, documents)
    for (what, status), count in sorted(statuses.items()):
        print(f"{what:>7} {status}: {count}")
    print(f"{len(documents)} documents: {counts}")
    failed = [status for _, status in statuses if status >= 500 and status not in BUSY]
    return int(bool(failed) or sum(counts.values()) != len(documents))


def upload_all(
    http: httpx.Client, paths: list[Path], chance: random.Random, statuses: Counter[tuple[str, int]]
) -> list[str]:
    documents = []
    for path in paths:
        for content in damaged(path.read_bytes(), chance):
            sent = http.post("/v1/documents", files={"file": (path.name, content)})
            statuses["upload", sent.status_code] += 1
            if sent.is_success and (id := sent.json()["id"]) not in documents:
                documents.append(id)
                drawn = http.get(f"/v1/documents/{id}/pages/1.png", params={"dpi": 50})
                statuses["picture", drawn.status_code] += 1
    return documents


def damaged(content: bytes, chance: random.Random) -> Iterator[bytes]:
    """The file, its beginning, and itself with some bytes changed."""
    yield content
    if not content:
        return
    yield content[: chance.randrange(1, len(content) + 1)]
    changed = bytearray(content)
    for _ in range(chance.randint(1, 1 + len(content) // 1000)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    yield bytes(changed)


def extract_all(http: httpx.Client, documents: list[str]) -> dict[str, int]:
    """By one job; returns how many documents ended in which state."""
    wanted = {"documents": documents, "task": "auto", "options": {"text": "embedded"}}
    job = http.post("/v1/jobs", json=wanted).raise_for_status().json()["id"]
    left, since = None, time.monotonic()
    while True:
        told = http.get(f"/v1/jobs/{job}").json()
        if told["state"] == "finished":
            counts = {state: n for state, n in told["counts"].items() if n}
            codes = Counter(each["code"] for each in failures(http, job))
            print(f"failed with {dict(codes)}")
            return counts
        if told["counts"] != left:
            left, since = told["counts"], time.monotonic()
        if time.monotonic() - since > PATIENCE_S:
            return {}
        time.sleep(1)


def failures(http: httpx.Client, job: str) -> Iterator[dict[str, str]]:
    after = -1
    while some := http.get(f"/v1/jobs/{job}", params={"errors_after": after}).json()["errors"]:
        yield from some
        after = some[-1]["position"]


@contextlib.contextmanager
def up(folder: Path) -> Iterator[httpx.Client]:
    store = Store.from_settings(Settings(data=str(folder)))
    migrate.upgrade(store.engine)
    _, key = keys.make(store, "fuzz", "fuzz", list(Scope))
    store.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "docai", "up", "--no-web", "--port", str(port)]
    environment = os.environ | {"DOCAI_DATA": str(folder), "DOCAI_RATE_PER_MINUTE": "100000"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    http = httpx.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Authorization": f"Bearer {key}"},
        timeout=120,
    )
    try:
        while not is_ready(http):
            if process.poll() is not None:
                sys.exit((folder / "log").read_text())
            time.sleep(0.2)
        yield http
    finally:
        http.close()
        process.send_signal(signal.SIGINT)
        process.wait()


def is_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    sys.exit(main())
