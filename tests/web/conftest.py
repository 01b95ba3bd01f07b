"""A real service, the whole of `docai up`, and a real browser that looks at it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("streamlit")
pytest.importorskip("playwright")

import servers
from playwright.sync_api import Browser, Page, sync_playwright

from app.client import Client
from docai.settings import Settings
from docai.store import keys
from docai.store.database import Store
from docai.store.keys import Scope

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
)
PATIENT_MS = 90_000  # machines of CI are slow, and two cores do everything


class Service:
    """`docai up` in a folder of its own, with the web app that nobody has to sign in to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.web_port = servers.free_port(), servers.free_port()
        self.api, self.web = (f"http://127.0.0.1:{p}" for p in (self.port, self.web_port))
        self.log = folder / "up.log"
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DOCAI_")},
            "DOCAI_DATA": str(folder / "data"),
            "DOCAI_THREADS": "1",
            "DOCAI_MODEL": "rules",
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, "-m", "docai", "up", "--port", str(self.port)]
        command += ["--web-port", str(self.web_port), "--processes", "1"]
        with self.log.open("wb") as file:
            self.process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
        try:
            self._wait()
        except BaseException:
            self.close()
            raise
        self.store = Store.from_settings(Settings(data=str(folder / "data")))

    def _wait(self) -> None:
        end = time.monotonic() + 120
        while "docai is up" not in self.log.read_text(errors="replace"):
            assert self.process.poll() is None, self.log.read_text(errors="replace")
            assert time.monotonic() < end, self.log.read_text(errors="replace")
            time.sleep(0.2)

    def key(self, owner: str) -> str:
        return keys.make(self.store, owner, f"{owner}'s", tuple(Scope))[1]

    def client(self, owner: str) -> Client:
        return Client(self.api, self.key(owner))

    def web_process(self) -> int:
        """The process that serves the web app."""
        import psutil

        children = psutil.Process(self.process.pid).children()
        return next(child.pid for child in children if child.cmdline()[-1] == "app.web")

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


@pytest.fixture(scope="session")
def service(tmp_path_factory) -> Iterator[Service]:
    started = Service(tmp_path_factory.mktemp("web"))
    yield started
    started.store.close()
    started.close()


# Of a module: while Playwright is there, no other test can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET])
        yield started
        started.close()


@pytest.fixture
def visit(browser, service, request) -> Iterator[Callable[..., Page]]:
    """`visit(owner)` is a window in which that owner has signed in; None opens it as it comes.

    Whatever a window asks of another machine fails the test, and so does an error in a script.
    """
    contexts, wrong = [], []

    def look(page: Page) -> None:
        ours = (service.web, f"ws{service.web.removeprefix('http')}", "data:", "blob:")
        page.on("request", lambda r: r.url.startswith(ours) or wrong.append(r.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))

    def open_window(owner: str | None = None, at: str = "", script: str = "", **options) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)
        context.add_init_script(script)
        contexts.append(context)
        context.set_default_timeout(PATIENT_MS)
        page = context.new_page()
        look(page)
        if owner is not None:
            answer = context.request.post(f"{service.web}/docai/session", data=service.key(owner))
            assert answer.status == 204
        page.goto(f"{service.web}/{at}")
        return page

    yield open_window
    for number, context in enumerate(contexts):
        for page in context.pages:
            page.screenshot(path=service.folder / f"{name_of(request)}-{number}.png")
        context.close()
    assert not wrong


def name_of(request: pytest.FixtureRequest) -> str:
    return re.sub(r"\W+", "-", request.node.name)


@pytest.fixture
def client(service, request) -> Iterator[Client]:
    """Of an owner who has the name of the test."""
    with service.client(name_of(request)) as made:
        yield made


@pytest.fixture
def owner(request) -> str:
    return name_of(request)
