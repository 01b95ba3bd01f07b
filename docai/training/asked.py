"""What is asked of labelled documents: their own questions, or questions made of their labels.

A reader must also learn that a page does not answer: some questions are taken from other
documents, if neither their label nor their answer stands here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from docai.document import Document, WordRef
from docai.errors import UsageError
from docai.results import KeyValue, Span
from docai.tasks.text import key
from docai.training.labelled import LabelledDocument, Question
from docai.training.synth.questions import about_fields, about_pairs, questions_for

Wordings = Mapping[str, Sequence[str]]  # by language: questions with "<label>" in them

TRIES = 5  # other documents that are looked at for a question with no answer here
TELLING = 4  # letters of a word that says what is asked for
OTHER_TONGUE = 0.3  # of the documents whose fields are known, the share asked in another language
TONGUES = ("en", "de", "fr", "es")
SHARED = ("field", "cell")  # most documents of a kind answer these


@dataclass(frozen=True, slots=True)
class Share:
    """What a data set gives: `most` questions of a document (0: all).

    `unanswered` is how many are added that the document does not answer, for each of its own.
    """

    most: int = 0
    unanswered: float = 0.1


# So that the few thousand documents of one kind do not drown the others.
SHARES = {
    "synthetic": Share(1, 0.35),
    "sroie": Share(3, 0.0),
    "wikitablequestions": Share(1, 0.0),
}


def with_questions(documents: Sequence[LabelledDocument], seed: int) -> list[LabelledDocument]:
    """The documents that have any questions, with as many as SHARES says."""
    random = Random(seed)
    known = [replace(one, questions=_learned_from(one, random)) for one in documents]
    alike: dict[tuple[str, str | None], list[LabelledDocument]] = defaultdict(list)
    for one in known:
        alike[one.origin, one.kind].append(one)
    asked = []
    for one in known:
        share = SHARES.get(one.origin, Share())
        own = list(one.questions or ())
        if share.most and len(own) > share.most:
            own = random.sample(own, share.most)
        count = sum(random.random() < share.unanswered for _ in own)
        foreign = [_foreign(one, alike[one.origin, one.kind], random) for _ in range(count)]
        questions = (*own, *(question for question in foreign if question is not None))
        if questions:
            asked.append(replace(one, questions=questions))
    return asked


def _learned_from(labelled: LabelledDocument, random: Random) -> tuple[Question, ...]:
    """Its questions, or such about its fields in another language: people ask in their own."""
    if labelled.places and random.random() < OTHER_TONGUE:
        others = [one for one in TONGUES if one != (labelled.language or "en")]
        asked = questions_about(labelled, random, random.choice(others))
        if asked:
            return asked
    return questions_about(labelled, random)


def questions_about(
    labelled: LabelledDocument,
    random: Random,
    language: str | None = None,
    wordings: Wordings | None = None,
) -> tuple[Question, ...]:
    """Its own questions, else those that its fields, pairs and tables answer.

    With a language: those about its fields, in that language. With wordings: those about its
    labels, in the wordings of its language.
    """
    if language is not None:
        return tuple(about_fields(labelled, labelled.sought, language, random))
    paired = replace(labelled, key_values=pairs_of(labelled))
    if wordings is not None:
        return tuple(about_pairs(paired, wordings.get(labelled.language or "en", ()), random))
    if labelled.questions is not None:
        return labelled.questions
    return questions_for(paired, labelled.sought, random)


def read_wordings(path: Path) -> Wordings:
    """A JSON file of them. Raises UsageError where it is none."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not JSON in UTF-8: {error}") from error
    if not isinstance(content, dict) or not all(
        isinstance(texts, list) and all("<label>" in str(text) for text in texts)
        for texts in content.values()
    ):
        raise UsageError(
            f'{path}: wordings are lists by language, {{"en": ["What is the <label>?"]}}'
        )
    return content


def pairs_of(labelled: LabelledDocument) -> tuple[KeyValue, ...]:
    """Questions of a form with the one entity that answers them; several are a table's column."""
    if labelled.key_values is not None:
        return labelled.key_values
    entities, answers = labelled.entities or (), defaultdict(list)
    for link in labelled.links or ():
        answers[link.question].append(link.answer)
    return tuple(
        KeyValue(
            _span(labelled.document, entities[question].words),
            _span(labelled.document, entities[found[0]].words),
            confidence=1.0,
        )
        for question, found in sorted(answers.items())
        if len(found) == 1
    )


def _span(document: Document, words: Sequence[WordRef]) -> Span:
    return Span(document.text(words), tuple(words))


def _foreign(
    here: LabelledDocument, others: Sequence[LabelledDocument], random: Random
) -> Question | None:
    """A question of another document that this one does not answer."""
    text = _letters(here)
    for _ in range(TRIES):
        asked = random.choice(others).questions or ()
        strange = [q for q in asked if q.answers and _is_strange(q, text)]
        if strange:
            chosen = random.choice(strange)
            return Question(chosen.text, (), chosen.about)
    return None


def elsewhere(
    question: Question, others: Sequence[LabelledDocument], random: Random
) -> LabelledDocument | None:
    """A document that does not answer the question, if one of a few drawn does not."""
    drawn = (random.choice(others) for _ in range(TRIES))
    return next((one for one in drawn if _is_strange(question, _letters(one))), None)


def _letters(labelled: LabelledDocument) -> str:
    return key(labelled.document.text(tuple(labelled.document.refs())))


def _is_strange(question: Question, text: str) -> bool:
    """Whether the text (letters and digits) has neither the answer nor what is asked for."""
    words = [key(word) for word in question.text.split()]
    return (
        question.about not in SHARED
        and not any(key(span.text) in text for span in question.answers)
        and not all(word in text for word in words if len(word) >= TELLING)
    )
