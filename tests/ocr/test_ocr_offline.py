"""No engine looks for anything on a network, whether there is one or not."""

import subprocess
import sys
from pathlib import Path

import pytest
from pages import picture

from docai.ocr import engines

SCRIPT = """
import sys

NETWORK = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
tried = []


def watch(event, arguments):
    if event in NETWORK:
        tried.append((event, *map(str, arguments[1:])))
        raise OSError("the network is cut off")


sys.addaudithook(watch)

import numpy as np
from PIL import Image

from docai.image import PageImage
from docai.ocr import reader
from docai.ocr.upright import upright

path, engine, profile = sys.argv[1:]
page = upright(PageImage(np.asarray(Image.open(path)), 144.0)).image
words = reader(engine, profile, threads=1).read(page)
print(" ".join(word.text for word in words))
assert not tried, tried
"""


@pytest.mark.parametrize(
    ("engine", "profile"),
    [
        pytest.param("rapidocr", "fast", marks=pytest.mark.slow),
        pytest.param("paddleocr", "fast", marks=pytest.mark.slow),
        pytest.param("paddleocr-paddle", "fast", marks=pytest.mark.slow),
    ],
)
def test_a_page_is_read_with_the_network_cut_off(tmp_path: Path, engine: str, profile: str):
    [info] = [info for info in engines() if info.name == engine]
    if not info.available:
        pytest.skip(f"{engine}: {info.remedy}")
    page = tmp_path / "page.png"
    picture("Total due 17.50").save(page)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(page), engine, profile],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "Total due 17.50"
