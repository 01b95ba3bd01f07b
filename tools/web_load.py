"""How quickly the web app shows a long document, and what memory it takes over many of them.

python tools/web_load.py --documents 200 --pages 100
"""

from __future__ import annotations

import argparse
import io
import shutil
import statistics
import time

import psutil
from playwright.sync_api import Page, sync_playwright
from reportlab.pdfgen.canvas import Canvas
from screenshots import PATIENT_MS, SIZE, drawn, service


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200, help="opened one after the other")
    parser.add_argument("--pages", type=int, default=100, help="of the first one")
    given = parser.parse_args()
    with service() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(PATIENT_MS)
        page.goto(address)
        upload(page, "long.pdf", pdf("long", given.pages))
        first_paint(page, "long.pdf")
        others = [f"other-{number:02}.pdf" for number in range(20)]
        inbox(page)
        for name in others:
            upload(page, name, pdf(name, 2))
        memory(page, address, others, given.documents)
        browser.close()


def upload(page: Page, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "application/pdf", "buffer": content}
    page.set_input_files("#docai-files", file)
    row = page.locator(".listing tr[data-id]", has_text=name)
    row.get_by_text("to review").wait_for()


def first_paint(page: Page, name: str) -> None:
    """From the click in the inbox until the first page is drawn; the picture not yet kept first."""
    for what in ("the first time", "again"):
        inbox(page)
        started = time.perf_counter()
        page.get_by_role("button", name=name).click()
        page.locator(".fields .row").first.wait_for()
        told_s = time.perf_counter() - started
        drawn(page)
        drawn_s = time.perf_counter() - started
        print(f"{name} {what}: values after {told_s:.2f} s, page after {drawn_s:.2f} s", flush=True)


def memory(page: Page, address: str, names: list[str], count: int) -> None:
    (web,) = (
        process
        for process in psutil.process_iter(["cmdline"])
        if process.info["cmdline"][-1:] == ["app.web"]
        and any(f":{c.laddr.port}" in address for c in process.net_connections("tcp"))
    )
    took = []
    for number in range(count):
        inbox(page)
        started = time.perf_counter()
        page.get_by_role("button", name=names[number % len(names)], exact=True).click()
        drawn(page)
        took.append(time.perf_counter() - started)
        if number % 20 == 19:
            mb = web.memory_info().rss / 1e6
            print(f"{number + 1} documents: {mb:.0f} MB, {statistics.median(took):.2f} s each")


def inbox(page: Page) -> None:
    page.get_by_role("link", name="Inbox").click()
    page.locator(".upload .zone").wait_for()


def pdf(text: str, pages: int) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(595, 842), invariant=True)
    for number in range(pages):
        canvas.drawString(60, 760, f"INVOICE {text}")
        canvas.drawString(60, 740, f"Invoice number: INV-{text}")
        for line in range(40):
            canvas.drawString(60, 700 - 15 * line, f"Line {line} of page {number + 1}")
        canvas.showPage()
    canvas.save()
    return file.getvalue()


if __name__ == "__main__":
    main()
