"""Fit the two weights of docai.tasks.read_kinds; run by hand when docai-small is trained anew.

    python tools/fit_kinds.py DIR [DIR ...]

Each DIR holds labelled documents of known kinds (docs/training.md), as for tools/fit_fields.py;
they should be of several languages, also of one that the model did not learn: on pages like
those it learned it is nearly always right, and would talk the rules out of everything else.
"""

import math
import sys
from pathlib import Path
from random import Random

from docai.evaluation.metrics import calibration_error
from docai.tasks import kinds, read_kinds
from docai.training.fields_run import kept_for
from docai.training.folds import Part
from docai.training.readers import read

LIMIT = 60  # documents of one folder
GRID = [n / 10 for n in range(21)]


def main(folders):
    random = Random(0)
    known = []
    for folder in folders:
        documents = [one for one in kept_for(read(Path(folder)), Part.FITTING) if one.kind]
        random.shuffle(documents)
        for one in documents[:LIMIT]:
            said = kinds.scores(one.document), read_kinds.read(one.document)
            known.append((one.language or "?", one.kind, *said))
    best = min(((rules, model) for rules in GRID for model in GRID), key=lambda w: loss(known, w))
    languages = sorted({language for language, *_ in known})
    for name in ("all", *languages):
        own = [one for one in known if name in ("all", one[0])]
        print(f"{name}: {len(own)} documents")
        for weights in ((1.0, 0.0), (0.0, 1.0), best):
            claims = [told(one, weights) for one in own]
            print(
                f"  rules and model {weights}: right {sum(r for _, r in claims) / len(own):.3f}, "
                f"loss {loss(own, weights):.3f}, calibration error {calibration_error(claims):.3f}"
            )
    print(f"WEIGHTS = {best}")


def loss(known, weights):
    chances = [read_kinds.together(ruled, own, weights)[kind] for _, kind, ruled, own in known]
    return -sum(map(math.log, chances)) / len(chances)


def told(one, weights):
    """The confidence, and whether it is right."""
    _, kind, ruled, own = one
    chances = read_kinds.together(ruled, own, weights)
    said = max(chances, key=chances.__getitem__)
    return chances[said], said == kind


if __name__ == "__main__":
    main(sys.argv[1:])
