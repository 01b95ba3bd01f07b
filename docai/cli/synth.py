"""`docai synth`: labelled synthetic documents for training and for tests."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path

from docai.cli.status import DONE
from docai.errors import UsageError

log = logging.getLogger("docai")

ALL = "all"


def declare(parser: argparse.ArgumentParser) -> None:
    help = "invoice, receipt, form, letter, report, paper, table, other, or all (default: all)"
    parser.add_argument("--kind", default=ALL, help=help)
    help = "en, de, fr, es, zh, several with commas, or all (default: all)"
    parser.add_argument("--language", default=ALL, help=help)
    parser.add_argument("--count", type=int, default=24, help="documents (default: 24)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, others (default: 0)")
    help = "pdf, jpg (degraded), both mixed, or labels alone (default: mixed)"
    choices = ("pdf", "jpg", "mixed", "json")
    parser.add_argument("--format", choices=choices, default="mixed", help=help)
    help = "take running text from the text and HTML files of a folder"
    parser.add_argument("--text", type=Path, metavar="DIR", help=help)
    help = "folder for the documents and their labels"
    parser.add_argument("-o", "--output", type=Path, required=True, help=help)


def run(given: argparse.Namespace) -> int:
    from tqdm import tqdm

    from docai.training.synth import KINDS, LANGUAGES
    from docai.training.synth.faces import faces
    from docai.training.synth.save import mixed_drafts, save_all
    from docai.training.synth.text import sentences_under

    if given.count < 1:
        raise UsageError("--count must be at least 1")
    kinds = KINDS if given.kind == ALL else tuple(given.kind.split(","))
    languages = LANGUAGES if given.language == ALL else tuple(given.language.split(","))
    sentences = sentences_under(given.text) if given.text else ()
    if faces().missing:
        log.warning(
            "fonts of these packages are not installed, documents will look more alike: %s",
            " ".join(faces().missing),
        )
    drafts = mixed_drafts(kinds, languages, given.seed, sentences=sentences)
    saved = save_all(drafts, given.count, given.output, given.format)
    # disable=None: drawn only where standard error is a terminal
    off = True if given.quiet else None
    pages, started = 0, time.process_time()
    for draft in tqdm(saved, total=given.count, unit="doc", disable=off, file=sys.stderr):
        pages += len(draft.sheets)
    rate = pages / (time.process_time() - started)
    log.info("%d documents in %s: %.1f pages a CPU second", given.count, given.output, rate)
    return DONE
