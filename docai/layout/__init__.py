"""Words in any order → lines, blocks and tables in reading order."""

from docai.layout.arrange import arrange
from docai.layout.finished import finished
from docai.layout.region import Region
from docai.layout.repeats import mark_repeats

__all__ = ["Region", "arrange", "finished", "mark_repeats"]
