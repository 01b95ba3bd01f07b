"""What an answer costs: CPU time of docai-small's reader on a page of 400 words.

python tools/time_answers.py [THREADS]
"""

import sys
import time

import torch

from docai.models import small
from docai.models.precision import available, for_inference
from docai.models.reader import readings, windows_of
from docai.models.weights import load
from docai.training.readers import text_page

QUESTION = "What is the date of the second delivery?"
TEXT = (
    "The supplier delivers twelve oak desks on 3 May and forty office chairs in the week after . "
)
WORDS = 400
ROUNDS = 20


def main(threads):
    torch.set_num_threads(threads)
    words = (TEXT * 40).split()[:WORDS]
    document, _ = text_page(" ".join(words), "page")
    started = time.process_time()
    loaded = load(small.FOLDER)
    print(f"loaded in {time.process_time() - started:.2f} CPU s")
    windows = windows_of(document, QUESTION, loaded.tokenizer)
    tokens = sum(len(window.words) for window in windows)
    print(f"{WORDS} words, {len(windows)} windows, {tokens} tokens, {threads} thread(s)")
    for precision in sorted(available()):
        model = load(small.FOLDER).model
        model = for_inference(model, precision)
        readings(model, loaded.tokenizer, document, QUESTION)
        times = []
        for _ in range(ROUNDS):
            started = time.process_time()
            readings(model, loaded.tokenizer, document, QUESTION)
            times.append(time.process_time() - started)
        print(
            f"{precision}: {1000 * min(times):.0f} ms of CPU, median {1000 * sorted(times)[10]:.0f}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
