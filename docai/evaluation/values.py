"""Fields of documents, judged one by one: what invoices and receipts have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from docai.document import Document
from docai.evaluation.metrics import Claim, Counts
from docai.evaluation.report import Drawing
from docai.evaluation.worst import WORST, Value, rendered, values_drawing, wrong
from docai.results import Field, Span


@dataclass
class ValueScores:
    """Counts by field, every claim, and the documents judged, by their files in `folder`."""

    folder: Path = Path()
    fields: dict[str, Counts] = field(default_factory=lambda: defaultdict(Counts))
    claims: list[Claim] = field(default_factory=list)
    judged: list[tuple[str, Document, list[Value]]] = field(default_factory=list)

    def add(
        self,
        file: str,
        document: Document,
        claims: Iterable[tuple[str, str, Field | None]],
        is_right: Callable[[str, Field], bool],
    ) -> None:
        """The claims are the name of a field, what is true, and what was found."""
        values = []
        for name, true, claim in claims:
            right = claim is not None and is_right(true, claim)
            self.fields[name] += Counts(int(right), int(claim is not None), 1)
            if claim is not None:
                self.claims.append((claim.confidence, right))
            said = Span(claim.text, claim.evidence) if claim is not None else None
            values.append(Value(name, Span(true, ()), said, right))
        self.judged.append((file, document, values))

    @property
    def whole(self) -> int:
        """Documents with every field right."""
        return sum(not wrong(values) for _, _, values in self.judged)

    def drawings(self) -> tuple[Drawing, ...]:
        """Of the documents with most wrong fields."""
        mistaken = [one for one in self.judged if wrong(one[2])]
        return tuple(
            values_drawing(document, file, values, partial(rendered, self.folder / file))
            for file, document, values in sorted(mistaken, key=lambda one: -wrong(one[2]))[:WORST]
        )
