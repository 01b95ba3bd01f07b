"""What kind of file is it, is it safe, how many pages, what is on them, their pixels.

Everything that looks inside a file runs in a child process (`sandbox`); this side sees
numbers and text only.
"""

from docai.ingest.limits import Limits
from docai.ingest.raw import RawDocument, RawPage, open_document

__all__ = ["Limits", "RawDocument", "RawPage", "open_document"]
