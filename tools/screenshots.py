"""`make screenshots`: pictures of the web app, with the sample documents, for docs/web.md.

Starts the service in a folder of its own, does what a new user would do, and ends it again.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "web"
SAMPLES = [ROOT / "samples" / name for name in ("invoice.pdf", "receipt.jpg", "form.jpg")]
SIZE = {"width": 1280, "height": 800}
TABLET = {"width": 820, "height": 1180}
COLOURS = 128  # of a picture: enough for a page of text, and small
PATIENT_MS = 120_000


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("no Chromium: apt-get install chromium")
    TARGET.mkdir(parents=True, exist_ok=True)
    with service() as address, sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(PATIENT_MS)
        tour(page, address)
        once(browser.new_page(viewport=TABLET), f"{address}/review", "tablet")
        dark = browser.new_page(viewport=SIZE, color_scheme="dark")
        once(dark, f"{address}/review", "review-dark")
        browser.close()
    total = sum(path.stat().st_size for path in TARGET.glob("*.png"))
    print(f"{TARGET}: {total / 1e6:.2f} MB")


def tour(page: Page, address: str) -> None:
    page.goto(address)
    page.set_input_files("#docai-files", SAMPLES)
    page.get_by_role("link", name="CSV").first.wait_for()
    page.get_by_text("finished").wait_for()
    save(page, "inbox")
    page.get_by_role("button", name="invoice.pdf").click()
    drawn(page)
    page.locator(".fields .row[data-id='field/0/invoice_total'] .field").click()
    save(page, "document")
    page.get_by_role("radio", name="Ask").click(force=True)
    page.get_by_label("Question").fill("What is the invoice number?")
    page.get_by_label("Question").press("Enter")
    page.locator("div.fields .row.selected").wait_for()
    save(page, "ask")
    tables(page, address)
    page.goto(f"{address}/review")
    drawn(page)
    save(page, "review")
    correct_and_confirm(page)
    page.goto(f"{address}/insights")
    page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    save(page, "insights")
    page.goto(f"{address}/settings")
    page.locator(".listing tr[data-id]").first.wait_for()
    save(page, "settings")


def once(page: Page, address: str, name: str) -> None:
    """A page with a document, seen by somebody else."""
    page.set_default_timeout(PATIENT_MS)
    page.goto(address)
    drawn(page)
    save(page, name)
    page.close()


def tables(page: Page, address: str) -> None:
    """A cell is put right."""
    page.goto(f"{address}/tables")
    drawn(page)
    page.locator(".grid td[data-row='3'][data-column='1']").dblclick()
    page.locator(".grid input").fill("Desk lamp with dimmer and USB port, brass")
    page.keyboard.press("Enter")
    page.locator(".grid .corrected").wait_for()
    page.locator(".grid[data-waiting='0'] td[data-row='3'][data-column='1']").click()
    save(page, "tables")


def correct_and_confirm(page: Page) -> None:
    """The first document of the queue, one value of it changed, so that insights have something."""
    page.keyboard.press("e")
    page.keyboard.type("!")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Enter")
    page.get_by_text("2 to review").wait_for()


def drawn(page: Page) -> None:
    page.locator(".viewer[data-drawn]").wait_for()


def save(page: Page, name: str) -> None:
    page.locator("[data-testid=stToast]").wait_for(state="hidden")
    page.wait_for_timeout(1500)  # for charts to come to rest
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    # This way of choosing colours keeps those that few pixels have: the quiet red of a doubt.
    few = picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(TARGET / f"{name}.png", optimize=True)
    print(f"{name}.png")


@contextmanager
def service() -> Iterator[str]:
    """`docai up` in a folder that is gone afterwards; the address of the web app."""
    ports = [free_port(), free_port()]
    with tempfile.TemporaryDirectory(prefix="docai-tour-") as folder:
        environment = {**os.environ, "DOCAI_DATA": folder}
        command = [sys.executable, "-m", "docai", "up", "--port", str(ports[0])]
        command += ["--web-port", str(ports[1]), "--processes", "1"]
        log = Path(folder) / "up.log"
        with log.open("wb") as file:
            process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
        try:
            while "docai is up" not in log.read_text(errors="replace"):
                if process.poll() is not None:
                    sys.exit(log.read_text(errors="replace"))
                time.sleep(0.2)
            yield f"http://127.0.0.1:{ports[1]}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
