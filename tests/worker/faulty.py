"""A worker with an OCR engine that does what the page's width in pixels says.

`python faulty.py cpu` is `python -m worker cpu` with the engine "faulty" registered.
"""

from __future__ import annotations

import os
import signal
import time

import numpy as np

from docai.document import Word
from docai.errors import EngineError
from docai.geometry import Box
from docai.ocr import ENGINES

GOOD, KILLS, HANGS, FAILS, EATS, SLOW, BUG = 200, 210, 220, 230, 240, 250, 260
SLOW_S = 0.2


class FaultyReader:
    name = "faulty"
    version = "1"

    def read(self, image, *, languages=()):
        width = image.pixels.shape[1]
        if width == KILLS:
            os.kill(os.getpid(), signal.SIGKILL)
        if width == HANGS:
            time.sleep(3600)
        if width == FAILS:
            raise EngineError("the engine is not well")
        if width == EATS:
            hoard = []
            while True:
                hoard.append(np.empty(100_000_000, np.uint8))  # addresses alone: no page is used
        if width == BUG:
            raise RuntimeError("nobody thought of this")
        if width == SLOW:
            time.sleep(SLOW_S)
        return (Word("Total", Box(10, 10, 60, 25), 0.9), Word("12.50", Box(70, 10, 120, 25), 0.9))


if __name__ == "__main__":
    from worker.__main__ import main

    ENGINES["faulty"] = lambda profile, threads: FaultyReader()
    main()
