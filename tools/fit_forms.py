"""Fit the maps of docai.tasks.read_form; run by hand when docai-small is trained anew.

    python tools/fit_forms.py DIR [DIR ...]

Each DIR holds documents of `docai synth` with label-value pairs, of a seed that docai-small was not
trained on; forms, and invoices, whose pairs look otherwise than those it learned. A pair is right
where both sides have the same letters and digits as a labelled one (`docai evaluate form`).
"""

import sys
from pathlib import Path
from random import Random

import fitting

from docai.evaluation.metrics import auroc, calibration_error
from docai.tasks import read_form
from docai.tasks.context import Context
from docai.tasks.form import pairs
from docai.tasks.text import key
from docai.tasks.together import Opinions
from docai.training.form_scores import expected_pairs
from docai.training.readers import read

LIMIT = 150  # documents of one folder


def main(folders):
    random = Random(0)
    asked = []
    for folder in folders:
        documents = read(Path(folder))
        random.shuffle(documents)
        own = [options_of(one) for one in documents[:LIMIT]]
        print(f"{folder}: {len(own)} documents, {sum(map(len, own))} pairs", flush=True)
        asked += own
    random.shuffle(asked)
    claims = []
    for learned, checked in ((asked[::2], asked[1::2]), (asked[1::2], asked[::2])):
        opinions = Opinions(*fitting.maps(found(learned)))
        for options in checked:
            right = {(pair.key, pair.value) for pair, _, is_right in options if is_right}
            told = read_form.told([(pair, said) for pair, said, _ in options], opinions)
            claims += [(pair.confidence, (pair.key, pair.value) in right) for pair in told]
    print(f"halves fitted on the other: calibration error {calibration_error(claims):.3f},", end="")
    print(f" AUROC {auroc(claims):.3f}")
    print(f"OPINIONS = Opinions({fitting.told(found(asked))})")


def options_of(labelled):
    """(pair, what is said of it, whether it is right) of one document."""
    document = labelled.document
    ruled = list(pairs(Context(document)))
    true = expected_pairs(labelled)
    options = read_form.gathered(ruled, document)
    return [(pair, said, same(pair) in true) for pair, said in options]


def same(pair):
    return key(pair.key.text), key(pair.value.text)


def found(asked):
    return [(said, right) for options in asked for _, said, right in options]


if __name__ == "__main__":
    main(sys.argv[1:])
