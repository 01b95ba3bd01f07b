"""Words in any order → lines, blocks and tables in reading order."""

from docai.layout.arrange import arrange
from docai.layout.region import Region
from docai.layout.repeats import mark_repeats

__all__ = ["Region", "arrange", "mark_repeats"]
