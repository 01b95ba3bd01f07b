"""Read documents: words with positions in, fields and answers with evidence out."""

__version__ = "0.1.0"
