from dataclasses import dataclass

import pytest

from docai.errors import UsageError
from docai.options import from_environment, option


@dataclass(frozen=True)
class Baking:
    minutes: int = option(30, "how long")
    heat: float = option(180.0, "how hot", at_most=250)
    place: str = option("middle", "where", choices=("top", "middle"))


def test_the_environment_goes_over_the_defaults():
    baking = from_environment(Baking, {"DOCAI_MINUTES": "12", "DOCAI_PLACE": "top", "HEAT": "1"})
    assert baking == Baking(minutes=12, heat=180.0, place="top")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("DOCAI_MINUTES", "soon", "DOCAI_MINUTES='soon' is not a whole number"),
        ("DOCAI_HEAT", "", "is not a number"),
        ("DOCAI_HEAT", "nan", "give a number from 0 to 250"),
        ("DOCAI_MINUTES", "-3", "give a number from 0"),
        ("DOCAI_PLACE", "cellar", "choose one of top, middle"),
    ],
)
def test_a_value_that_does_not_fit_is_named(variable, value, message):
    with pytest.raises(UsageError, match=message):
        from_environment(Baking, {variable: value})
