"""Fit the maps of docai.tasks.read_fields; run by hand when docai-small is trained anew.

    python tools/fit_fields.py DIR [DIR ...]

Each DIR holds labelled documents (docs/training.md). Of data that docai-small was trained on only
the part kept for fitting is asked (docai.training.folds).
"""

import sys
from pathlib import Path
from random import Random

import fitting

from docai.evaluation.metrics import auroc, calibration_error
from docai.tasks import read_fields
from docai.tasks.together import Opinions
from docai.training.fields_run import OWN, TYPED, cases, kept_for
from docai.training.folds import Part
from docai.training.readers import read

LIMIT = 200  # documents of one folder


def main(folders):
    random = Random(0)
    asked = []
    for folder in folders:
        documents = kept_for(read(Path(folder)), Part.FITTING)
        random.shuffle(documents)
        own = [case for one in documents[:LIMIT] for case in cases(one, random) if case.options]
        print(f"{folder}: {len(documents)} documents, {len(own)} fields", flush=True)
        asked += own
    random.shuffle(asked)
    for how in (TYPED, OWN):
        fit(how, [case for case in asked if case.how == how])


def fit(how, asked):
    """Prints the three maps, and how well those of one half do on the other."""
    claims = []
    for learned, checked in ((asked[::2], asked[1::2]), (asked[1::2], asked[::2])):
        opinions = Opinions(*fitting.maps(found(learned)))
        for case in checked:
            claim = read_fields.told(case.options, opinions)
            if claim is not None:
                claims.append((claim.confidence, case.is_right(claim)))
    print(f"{how}: {len(asked)} fields; halves fitted on the other: ", end="")
    print(f"calibration error {calibration_error(claims):.3f}, AUROC {auroc(claims):.3f}")
    print(f"{how.upper()} = Opinions({fitting.told(found(asked))})")


def found(asked):
    """(what is said of a value, whether it is right) of every value."""
    return [(said, case.is_right(field)) for case in asked for field, said in case.options]


if __name__ == "__main__":
    main(sys.argv[1:])
