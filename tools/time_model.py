"""What docai-small costs: CPU time on pages of 400 words.

python tools/time_model.py [THREADS]

For an answer and for all fields of an invoice: one page alone, and sixteen pages whose windows go
through the model together. For all pairs of a form: one synthetic page.
"""

import sys
import time

import torch

from docai.models import forms, small
from docai.models.inputs import stack
from docai.models.page_reader import HEAD, described, look, page_describer
from docai.models.precision import available, for_inference
from docai.models.reader import readings, windows_of
from docai.models.weights import load
from docai.tasks import invoice
from docai.tasks.read_fields import known
from docai.training.readers import text_page
from docai.training.synth import documents

QUESTION = "What is the date of the second delivery?"
TEXT = (
    "The supplier delivers twelve oak desks on 3 May and forty office chairs in the week after . "
)
WORDS = 400
ROUNDS = 12
TOGETHER = 16
FORM = 2  # seed


def best_of(rounds, work):
    """The least CPU time of a few runs, in milliseconds."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return 1000 * min(times)


def main(threads):
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    words = (TEXT * 40).split()[:WORDS]
    document, _ = text_page(" ".join(words), "page")
    started = time.process_time()
    loaded = load(small.FOLDER)
    print(f"loaded in {time.process_time() - started:.2f} CPU s")
    tokenizer = loaded.tokenizer
    prompts = [one.prompt for one in known(invoice.ORDER)]
    asked = windows_of(document, QUESTION, tokenizer)
    plain = windows_of(document, "", tokenizer)
    tokens = [sum(len(window.words) for window in windows) for windows in (asked, plain)]
    print(f"{WORDS} words; {tokens[0]} tokens with a question, {tokens[1]} without", end="")
    print(f"; {len(prompts)} fields; {threads} thread(s); milliseconds of CPU a page")
    print(f"{'':6}{'answer':>10}{'of 16':>10}{'fields':>10}{'of 16':>10}")
    for precision in sorted(available()):
        model = for_inference(load(small.FOLDER).model, precision)
        head = model.task_heads[HEAD]
        vectors = described(model, tokenizer, prompts)
        many = [
            stack([w.window for w in windows] * TOGETHER, pad_id=tokenizer.pad)
            for windows in (asked, plain)
        ]
        works = (
            lambda model=model: readings(model, tokenizer, document, QUESTION),
            lambda model=model, many=many: model(many[0]),
            lambda model=model, vectors=vectors: look(model, tokenizer, document).values(vectors),
            lambda model=model, head=head, many=many: model.seen_by(head, many[1]),
        )
        shares = (1, TOGETHER, 1, TOGETHER)
        figures = [
            best_of(ROUNDS if share == 1 else 3, work) / share
            for work, share in zip(works, shares, strict=True)
        ]
        print(f"{precision:6}" + "".join(f"{figure:10.0f}" for figure in figures), flush=True)
    page = next(documents("form", "en", FORM)).document.pages[0]
    pairs = loaded.model.task_heads[forms.HEAD]
    cost = best_of(ROUNDS, lambda: forms.find(pairs, page_describer(loaded.model, tokenizer), page))
    print(f"pairs of a form of {len(page.words)} words, fp32: {cost:.0f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
