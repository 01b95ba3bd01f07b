"""Fit the two weights of docai.tasks.read_kinds; run by hand when docai-small is trained anew.

    python tools/fit_kinds.py DIR [DIR ...]

Each DIR holds labelled documents of known kinds (docs/training.md), as for tools/fit_fields.py;
they should be of several languages.
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
    known = {read_kinds.ENGLISH: [], read_kinds.OTHERS: []}
    for folder in folders:
        documents = [one for one in kept_for(read(Path(folder)), Part.FITTING) if one.kind]
        random.shuffle(documents)
        for one in documents[:LIMIT]:
            said = kinds.scores(one.document), read_kinds.read(one.document)
            known[read_kinds.weights(one.document)].append((one.kind, *said))
    for name, own in zip(("ENGLISH", "OTHERS"), known.values(), strict=True):
        print(f"{name}: {len(own)} documents")
        fit(name, own)


def fit(name, known):
    def loss(weights):
        chances = [read_kinds.together(ruled, own, weights)[kind] for kind, ruled, own in known]
        return -sum(map(math.log, chances)) / len(chances)

    best = min(((rules, model) for rules in GRID for model in GRID), key=loss)
    for weights in ((1.0, 0.0), (0.0, 1.0), best):
        claims = []
        for kind, ruled, own in known:
            chances = read_kinds.together(ruled, own, weights)
            said = max(chances, key=chances.__getitem__)
            claims.append((chances[said], said == kind))
        right = sum(right for _, right in claims) / len(claims)
        print(
            f"rules and model {weights}: right {right:.3f}, loss {loss(weights):.3f}, "
            f"calibration error {calibration_error(claims):.3f}"
        )
    print(f"{name} = {best}")


if __name__ == "__main__":
    main(sys.argv[1:])
