"""How quickly the web app shows long documents, its memory over many, and a review by keyboard.

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
from screenshots import PATIENT_MS, SAMPLES, SIZE, drawn, service


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200, help="opened one after the other")
    parser.add_argument("--pages", type=int, default=100, help="of the long ones")
    parser.add_argument("--long", type=int, default=5, help="long documents, opened twice each")
    parser.add_argument("--reviews", type=int, default=6, help="documents confirmed by keyboard")
    given = parser.parse_args()
    with service() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SIZE)
        page.set_default_timeout(PATIENT_MS)
        page.goto(address)
        web = web_process(address)
        first_paint(page, web, given.long, given.pages)
        others = [f"other-{number:02}.pdf" for number in range(20)]
        inbox(page)
        for name in others:
            upload(page, name, pdf(name, 2))
        memory(page, web, others, given.documents)
        review(page, address, given.reviews)
        browser.close()


def web_process(address: str) -> psutil.Process:
    port = f":{address.rsplit(':', 1)[1]}"
    for process in psutil.process_iter(["cmdline"]):
        if (process.info["cmdline"] or [""])[-1] == "app.web" and any(
            f":{connection.laddr.port}" == port for connection in process.net_connections("tcp")
        ):
            return process
    raise SystemExit(f"nothing serves {address}")


def upload(page: Page, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "application/pdf", "buffer": content}
    page.set_input_files("#docai-files", file)
    row = page.locator(".listing tr[data-id]", has_text=name)
    row.get_by_text("to review").wait_for()


def first_paint(page: Page, web: psutil.Process, count: int, pages: int) -> None:
    """From the click in the inbox until the first page is drawn; each picture not yet kept first.

    With the CPU time of the web app's process, which other work on the machine does not change.
    """
    names = [f"long-{number}.pdf" for number in range(count)]
    for name in names:
        upload(page, name, pdf(name, pages))
    for what in ("the first time", "again"):
        opened = [open_document(page, web, name) for name in names]
        values_s, page_s, cpu_s = (
            statistics.median(column) for column in zip(*opened, strict=True)
        )
        worst_s = max(drawn_s for _, drawn_s, _ in opened)
        says = f"{count} documents of {pages} pages {what}: values after {values_s:.2f} s"
        says += f", page after {page_s:.2f} s (worst {worst_s:.2f} s)"
        print(f"{says}, {1000 * cpu_s:.0f} ms of CPU in the web app", flush=True)


# Playwright looks for what it waits for every half second only; the page itself at each frame.
WATCH = """(wanted) => {
  const seen = window.docaiSeen = {};
  const find = (root, selector) => {
    for (const each of root.querySelectorAll("*")) {
      if (each.matches(selector)) return true;
      if (each.shadowRoot && find(each.shadowRoot, selector)) return true;
    }
    return false;
  };
  window.addEventListener("pointerdown", (event) => {
    const look = () => {
      for (const [name, selector] of Object.entries(wanted)) {
        const isThere = !seen[name] && find(document, selector);
        if (isThere) seen[name] = performance.now() - event.timeStamp;
      }
      if (Object.keys(seen).length < Object.keys(wanted).length) requestAnimationFrame(look);
    };
    look();
  }, { once: true, capture: true });
}"""
WANTED = {"values": ".fields .row", "page": ".viewer[data-drawn]"}


def open_document(page: Page, web: psutil.Process, name: str) -> tuple[float, float, float]:
    """Seconds until its values are there, until its page is, and of the web app's CPU."""
    inbox(page)
    button = page.get_by_role("button", name=name)
    button.wait_for()
    page.evaluate(WATCH, WANTED)
    before = cpu_s(web)
    button.click()
    page.wait_for_function("docaiSeen.values && docaiSeen.page", polling=50)
    seen = page.evaluate("docaiSeen")
    return seen["values"] / 1000, seen["page"] / 1000, cpu_s(web) - before


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def memory(page: Page, web: psutil.Process, names: list[str], count: int) -> None:
    took = []
    for number in range(count):
        inbox(page)
        started = time.perf_counter()
        page.get_by_role("button", name=names[number % len(names)], exact=True).click()
        drawn(page)
        took.append(time.perf_counter() - started)
        if number % 20 == 19:
            mb = web.memory_info().rss / 1e6
            shown_s = statistics.median(took)
            print(f"{number + 1} documents: {mb:.0f} MB, {shown_s:.2f} s each", flush=True)


def review(page: Page, address: str, count: int) -> None:
    """Invoices that are right, by keyboard: with one key, and with a key for each value.

    What is left of the 20 seconds that a document may take is for reading.
    """
    invoice = SAMPLES[0].read_bytes()
    for number in range(count):
        inbox(page)
        upload(page, f"right-{number}.pdf", invoice + b"\n% " + str(number).encode())
    took: dict[bool, list[float]] = {False: [], True: []}
    for number in range(count):
        page.goto(f"{address}/review")
        took[bool(number % 2)].append(confirmed_s(page, each=bool(number % 2)))
    for each, seconds in took.items():
        how = "a key for each of its values" if each else "one key"
        if seconds:
            print(f"an invoice confirmed with {how}: {statistics.median(seconds):.1f} s")


def confirmed_s(page: Page, *, each: bool) -> float:
    """Seconds from when a document is there until the next one is."""
    chosen = page.locator("div.fields .row.selected")
    chosen.wait_for()
    drawn(page)
    before = page.locator("div.fields").get_attribute("data-result")
    started = time.perf_counter()
    for _ in range(page.locator("div.fields .row").count() if each else 0):
        page.keyboard.press("Enter")
    page.keyboard.press("Shift+Enter")
    page.locator(f"div.fields:not([data-result='{before}']) .row.selected").wait_for()
    drawn(page)
    return time.perf_counter() - started


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
