"""Two hundred clients at the same time, on the real service in processes of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from calls import INVOICE, pdf

from docai.settings import Settings
from docai.store import keys, migrate
from docai.store.database import Store
from docai.store.keys import Scope

CLIENTS, OWNERS, ROUNDS = 200, 20, 3


@pytest.fixture
def up():
    """Address and keys of a service that `docai up` runs."""
    folder = Path(tempfile.mkdtemp(prefix="docai-"))  # a socket's path has to be short
    store = Store.from_settings(Settings(data=str(folder)))
    migrate.upgrade(store.engine)
    made = [keys.make(store, f"owner{i}", "load", list(Scope))[1] for i in range(OWNERS)]
    store.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "docai", "up", "--port", str(port), "--processes", "2"]
    log = (folder / "log").open("wb")
    environment = os.environ | {"DOCAI_DATA": str(folder), "DOCAI_THREADS": "1"}
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 120
    while not is_ready(address):
        assert time.monotonic() < end and process.poll() is None, (folder / "log").read_text()
        time.sleep(0.2)
    yield address, made
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)
    log.close()
    shutil.rmtree(folder)


def say(line):
    sys.stdout.write(line + "\n")


def is_ready(address):
    try:
        return httpx.get(address + "/readyz").status_code == 200
    except httpx.TransportError:
        return False


async def use(http, key, name, seen):
    """One client: uploads, asks, looks, as often as ROUNDS says; notes every answer."""

    async def call(what, method, path, **more):
        headers = {"Authorization": f"Bearer {key}"} | more.pop("headers", {})
        while True:
            started = time.perf_counter()
            response = await http.request(method, path, headers=headers, **more)
            seen.append((what, response.status_code, time.perf_counter() - started))
            if response.status_code != 429:
                return response
            await asyncio.sleep(int(response.headers["Retry-After"]))

    for i in range(ROUNDS):
        number = f"{name}-{i}"
        files = {"file": (f"{number}.pdf", pdf(*INVOICE, f"Purchase order: {number}"))}
        document = (await call("upload", "POST", "/v1/documents", files=files)).json()["id"]
        asked = {
            "json": {"questions": ["What is the purchase order number?"]},
            "headers": {"Idempotency-Key": number},
        }
        path = f"/v1/documents/{document}/answers"
        answer = await call("ask", "POST", path, **asked)
        while answer.status_code == 202:
            answer = await call("ask", "POST", path, **asked)
        assert answer.json()["result"]["answers"][0]["answer"] == number
        await call("look", "GET", f"/v1/documents/{document}")


async def all_at_once(address, owners, seen):
    limits = httpx.Limits(max_connections=CLIENTS)  # a connection for each
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=120) as http:
        each = [use(http, owners[n % OWNERS], f"C{n}", seen) for n in range(CLIENTS)]
        await asyncio.gather(*each)


@pytest.mark.slow
def test_two_hundred_clients_get_their_own_answers_and_no_error(up):
    """Run with -s for the figures."""
    address, owners = up
    seen: list[tuple[str, int, float]] = []
    started = time.perf_counter()
    asyncio.run(all_at_once(address, owners, seen))
    wall_s = time.perf_counter() - started
    statuses = Counter(status for _, status, _ in seen)
    say(f"\n{CLIENTS} clients, {len(seen)} calls in {wall_s:.1f} s, {dict(statuses)}")
    for what in ("upload", "ask", "look"):
        took = sorted(seconds for name, status, seconds in seen if name == what and status < 400)
        p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
        say(f"{what:>7}: p50 {p50:.3f} s, p99 {p99:.3f} s")
    assert set(statuses) <= {200, 201, 202, 429}
    assert statuses[201] == CLIENTS * ROUNDS
