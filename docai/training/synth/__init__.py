"""Synthetic documents: drawn from grammars, placed with real type, labelled word by word.

    for one in documents("invoice", "en", seed=1):
        one.document, one.fields, one.items, one.entities, one.questions ...

The same kind, language and seed give the same documents on the same set of fonts.
"""

from __future__ import annotations

from docai.training.synth.regions import LANGUAGES
from docai.training.synth.stream import KINDS, Draft, documents, drafts

__all__ = ["KINDS", "LANGUAGES", "Draft", "documents", "drafts"]
