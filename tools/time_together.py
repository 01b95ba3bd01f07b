"""What a question costs docai-small alone, and together with others: CPU time of reading.

python tools/time_together.py [--documents 64] [--device cpu] [--threads 1]

Pages of 20 to 400 words, a question each; the model is asked about them one by one, in claims of
8 (as workers do by default), and all at once. The ways take turns, so that other work on the
machine is spread over all of them.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch

from docai.document import Document
from docai.models.precision import available
from docai.stages import timed
from docai.training.readers import text_page
from worker.answers import Answering

QUESTION = "What is the date of the second delivery?"
TEXT = (
    "The supplier delivers twelve oak desks on 3 May and forty office chairs in the week after . "
)
ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=64)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    documents = [page(20 + 380 * i // given.documents, i) for i in range(given.documents)]
    documents = documents[::2] + documents[1::2][::-1]  # as they come: not in order of length
    answering = Answering(given.device)
    answering.read([(documents[0], [QUESTION])])  # loads the model
    ways = {"one by one": 1, "in claims of 8": 8, "all at once": given.documents}
    costs: dict[str, list[float]] = {way: [] for way in ways}
    batches = {}
    for _ in range(ROUNDS):
        for way, size in ways.items():
            started = time.process_time()
            with timed() as clock:
                for first in range(0, len(documents), size):
                    some = documents[first : first + size]
                    answering.read([(document, [QUESTION]) for document in some])
            costs[way].append(1000 * (time.process_time() - started) / len(documents))
            batches[way] = clock.windows / clock.batches
    print(f"{given.documents} documents on {given.device}, {', '.join(sorted(available()))}")
    for way, taken in costs.items():
        print(
            f"{way:>15}: {statistics.median(taken):.1f} ms of CPU a question"
            f" ({min(taken):.1f} to {max(taken):.1f}), {batches[way]:.1f} windows a batch"
        )


def page(words: int, number: int) -> Document:
    text = f"Delivery {number} . " + TEXT * 40
    return text_page(" ".join(text.split()[:words]), f"page {number}")[0]


if __name__ == "__main__":
    main()
