"""Vocabularies, and the small grammar their rules are written in.

`(a|b|)` is a choice, `<name>` another rule or a value; the choices nest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

import yaml

_INNERMOST = re.compile(r"\(([^()]*\|[^()]*)\)")
_NAME = re.compile(r"<([a-z_0-9]+)>")

Names = Mapping[str, Callable[[], str]]


@cache
def vocabulary(language: str) -> dict[str, Any]:
    text = files("docai.training.synth").joinpath("vocabulary", f"{language}.yaml")
    words: dict[str, Any] = yaml.safe_load(text.read_text("utf-8"))
    return words


@cache
def task_vocabulary(language: str) -> dict[str, Any]:
    """The label wordings that the geometric extractor knows."""
    text = files("docai.tasks").joinpath("vocabulary", f"{language}.yaml")
    words: dict[str, Any] = yaml.safe_load(text.read_text("utf-8"))
    return words


def months(language: str) -> Sequence[Sequence[str]]:
    """Twelve of name and short forms; empty in Chinese, which counts them."""
    names: Sequence[Sequence[str]] = task_vocabulary(language)["months"]
    return names


def expanded(rule: str, random: Random, names: Names) -> str:
    """One text of the rule; an unknown <name> is a KeyError: a mistake in a vocabulary."""
    while True:
        chosen = _INNERMOST.sub(lambda match: random.choice(match[1].split("|")), rule)
        if chosen == rule:
            break
        rule = chosen
    text = _NAME.sub(lambda match: names[match[1]](), rule)
    return " ".join(text.split())


def parts(rule: str) -> list[str]:
    """The rule cut at the bars that stand outside of brackets: "(a|b) c|d" is "(a|b) c", "d"."""
    found, depth = [""], 0
    for sign in rule:
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            found.append("")
        else:
            found[-1] += sign
    return found


@cache
def label_wordings(language: str, name: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Wordings of a label and their weights: the loved ones, then those that tasks know."""
    loved = vocabulary(language)["labels"].get(name, [])
    known = [
        wording
        for wording in (
            str(w).replace('"', "") for w in task_vocabulary(language)["labels"].get(name, [])
        )
        if not re.search(r"[(|~\[]", wording) and wording not in loved
    ]
    weights = [3.0 / (1 + 0.15 * rank) for rank in range(len(loved))]
    weights += [0.25] * len(known)
    return (*map(str, loved), *known), tuple(weights)


def label(language: str, name: str, random: Random) -> str:
    wordings, weights = label_wordings(language, name)
    return random.choices(wordings, weights)[0]
