"""Options written once: a dataclass field holds type, default and help.

The command line, the environment (DOCAI_*) and the web app are derived from the fields, so
a default cannot drift. A field's environment name is DOCAI_ and its name in capitals.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from docai.errors import UsageError

Options = TypeVar("Options")


def option(default: Any, help: str, *, choices: tuple[str, ...] = ()) -> Any:
    """A dataclass field with its help text; `choices` are the values it may take, if few."""
    return dataclasses.field(default=default, metadata={"help": help, "choices": choices})


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
        return kind(text)
    except ValueError:
        noun = {int: "a whole number", float: "a number"}[kind]
        raise UsageError(f"{origin}={text!r} is not {noun}") from None
