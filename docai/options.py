"""Options written once: a dataclass field holds type, default and help.

The command line, the environment (DOCAI_*) and the web app are derived from the fields, so
a default cannot drift. A field's environment name is DOCAI_ and its name in capitals.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, TypeVar

from docai.errors import UsageError

Options = TypeVar("Options")


def option(
    default: Any,
    help: str,
    *,
    choices: tuple[str, ...] = (),
    at_least: float = 0,
    at_most: float = math.inf,
) -> Any:
    """A dataclass field with its help text; `choices` are the values it may take, if few.

    A number must lie from `at_least` to `at_most`.
    """
    metadata = {"help": help, "choices": choices, "at_least": at_least, "at_most": at_most}
    return dataclasses.field(default=default, metadata=metadata)


def from_environment(cls: type[Options], environ: Mapping[str, str]) -> Options:
    """The options with every DOCAI_* variable that names one of them applied.

    Raises UsageError for a value that does not fit the option's type.
    """
    given = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # cls is always a dataclass
        variable = f"DOCAI_{field.name.upper()}"
        if variable in environ:
            given[field.name] = parse(field, environ[variable], variable)
    return cls(**given)


def parse(field: dataclasses.Field[Any], text: str, origin: str) -> Any:
    """`text` as the type of the field's default; None-able options are strings."""
    kind: type = str if field.default is None else type(field.default)
    choices = field.metadata["choices"]
    if choices and text not in choices:
        raise UsageError(f"{origin}={text!r}: choose one of {', '.join(choices)}")
    try:
        value = kind(text)
    except ValueError:
        noun = {int: "a whole number", float: "a number"}[kind]
        raise UsageError(f"{origin}={text!r} is not {noun}") from None
    least, most = field.metadata["at_least"], field.metadata["at_most"]
    if kind is not str and not least <= value <= most:  # nor is NaN
        raise UsageError(f"{origin}={text!r}: give a number from {least:g} to {most:g}")
    return value
