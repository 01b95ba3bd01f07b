"""`docai train`: pages and pre-training, and fine-tuning on labelled documents."""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from docai.cli import finetune
from docai.cli.arguments import add_logging, add_options, options
from docai.cli.status import DONE, SOME_FAILED
from docai.errors import UsageError

if TYPE_CHECKING:
    from tqdm import tqdm

    from docai.training.pretrain import Step

log = logging.getLogger("docai")

Given = argparse.Namespace


@dataclass(frozen=True, slots=True)
class Action:
    help: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Given], int]


def declare(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="|".join(ACTIONS), required=True)
    for name, action in ACTIONS.items():
        sub = actions.add_parser(name, help=action.help, description=action.help + ".")
        add_logging(sub, again=True)
        action.declare(sub)


def run(given: Given) -> int:
    return ACTIONS[given.action].run(given)


def _declare_pages(parser: argparse.ArgumentParser) -> None:
    from docai.training.pages import PagesOptions

    help = "files, or folders of them; ORIGIN= before one names its data set"
    parser.add_argument("paths", metavar="[ORIGIN=]PATH", nargs="*", help=help)
    help = "a labelled set with pictures (docs/training.md); its own words are taken"
    parser.add_argument(
        "--labelled", metavar="DIR", type=Path, action="append", default=[], help=help
    )
    help = "a new folder for them"
    parser.add_argument("-o", "--output", metavar="SHARDS", type=Path, required=True, help=help)
    add_options(parser, "pages", PagesOptions)


def _run_pages(given: Given) -> int:
    from docai import batch
    from docai.training.pages import PagesOptions, pages_of_files, pages_of_labelled, write_pages
    from docai.training.shards import ShardWriter

    wanted = options(PagesOptions, given)
    if given.output.exists():
        raise UsageError(f"{given.output} exists; name a new folder, or remove it")
    sources = [pages_of_labelled(folder) for folder in given.labelled]
    total = 0
    for named in given.paths:
        origin, _, path = named.rpartition("=")
        files = batch.files_under([Path(path)], outside=given.output)
        total += len(files)
        sources.append(pages_of_files(files, origin or Path(path).name, wanted))
    writer, failed, foreign = ShardWriter(given.output), 0, 0
    documents = chain.from_iterable(sources)
    with _progress(given, None if given.labelled else total, " documents") as bar:
        for pages in write_pages(documents, writer, held_out=wanted.held_out):
            foreign += pages.is_foreign
            failed += bool(pages.failure)
            if pages.failure:
                log.warning("%s", pages.failure)
            bar.update()
    writer.close()
    parts = Counter[str]()
    for (part, origin), count in sorted(writer.written.items()):
        log.info("%s: %d pages of %s", part, count, origin)
        parts[part] += count
    log.info("%d pages; %d left out as twins", parts.total(), writer.twins)
    if foreign:
        log.info("%d files that are no documents were passed over", foreign)
    return SOME_FAILED if failed else DONE


def _declare_pretrain(parser: argparse.ArgumentParser) -> None:
    from docai.models.config import Attention
    from docai.training.pretrain import PretrainOptions

    help = "folders made by `docai train pages`; their pages are mixed"
    parser.add_argument("shards", metavar="SHARDS", type=Path, nargs="+", help=help)
    help = "checkpoints, the log and the model; goes on where it was"
    parser.add_argument("-o", "--output", metavar="RUN", type=Path, required=True, help=help)
    help = "a folder with a BERT to start from (default: MiniLM out of its package)"
    parser.add_argument("--start", metavar="DIR", type=Path, help=help)
    help = "the form of attention (default: bias)"
    parser.add_argument("--attention", choices=tuple(Attention), default=Attention.BIAS, help=help)
    add_options(parser, "training", PretrainOptions)


def _run_pretrain(given: Given) -> int:
    from docai.models.weights import save
    from docai.training import pretrain
    from docai.training.shards import TRAIN, Shards, origins
    from docai.training.start import image_start, text_start

    wanted = options(pretrain.PretrainOptions, given)
    shards = Shards(given.shards, TRAIN)
    about = pretrain.card(given.output.name, origins(given.shards), wanted)
    text = text_start(given.start)
    model = pretrain.model_to_pretrain(text, image_start(), given.attention, wanted.seed)
    with pretrain.processes() as (device, is_first):
        with _progress(given, wanted.steps if is_first else None, " steps") as bar:

            def show(step: Step) -> None:
                bar.set_postfix_str(
                    f"mvlm {step.mvlm:.2f} rop {step.rop:.2f} rrp {step.rrp:.2f} "
                    f"tia {step.tia:.2f} {step.tokens / step.seconds:.0f} tokens/s"
                )
                bar.update(step.step - bar.n)

            pretrain.pretrain(
                model, text.tokenizer, shards, wanted, given.output, device=device, on_step=show
            )
        if is_first:
            folder = save(model, text.tokenizer, about, given.output)
            log.info("the model is in %s", folder)
    return DONE


def _progress(given: Given, total: int | None, unit: str) -> tqdm[None]:
    from tqdm import tqdm

    # None: on a terminal only.
    return tqdm(total=total, unit=unit, disable=True if given.quiet else None)


ACTIONS = {
    "pages": Action(
        "pages for pre-training, from files and labelled sets", _declare_pages, _run_pages
    ),
    "pretrain": Action("an encoder, with four objectives", _declare_pretrain, _run_pretrain),
    **{name: Action(help, declare, run) for name, help, declare, run in finetune.ACTIONS},
}
