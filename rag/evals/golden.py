"""Golden questions on paper: a YAML file of questions a copilot must find the answers of, each with its place.

Written by hand from the documents, or frozen from questions that people really asked (see `questions`).
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from rag.evals.places import words_of
from substrate.errors import DeclarationError, NotFoundError

_HINT = "docs/copilots.md says what each key means, with an example."
_FEWEST_WORDS = 2


class GoldenError(DeclarationError):
    """A file cannot be read as golden questions."""


def _several_words(text: str) -> str:
    if len(words_of(text)) < _FEWEST_WORDS:
        raise ValueError("is too short to be found again; copy a few words more")
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(_Strict):
    """Where an answer stands.

    Attributes:
        document: the document's key in its source: its path within the corpus.
        says: a short phrase that stands where the answer does, copied from the document.
        heading: the heading that the answer stands under. Beside `says` it is for people, and is only checked to be
            there; alone, every passage under it counts as the answer.
    """

    document: str = Field(min_length=1)
    says: Annotated[str, AfterValidator(_several_words)] | None = None
    heading: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _says_where(self) -> Place:
        if self.says is None and self.heading is None:
            raise ValueError("needs `says` or `heading`: a whole document is no place")
        return self


class Question(_Strict):
    """A question and the places of its answer.

    Attributes:
        id: names it within its file for good, `offline-how-long`; results are compared by it.
        ask: the question, in the words of somebody who asks.
        where: every place that the answer needs, or that answers it by itself; recall counts each.
        slice: the groups that measures are also given for: `how-to`, `definition`, `troubleshooting`.
        unanswerable: the documents do not hold the answer, and saying so is right.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)
    ask: str = Field(min_length=3, max_length=2000)
    where: tuple[Place, ...] = ()
    slice: tuple[Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)], ...] = ()
    unanswerable: bool = False

    @model_validator(mode="after")
    def _has_an_answer_or_none(self) -> Question:
        if self.unanswerable and self.where:
            raise ValueError("is unanswerable and says where the answer is; take one away")
        if not self.unanswerable and not self.where:
            raise ValueError("says not where its answer is; add `where`, or `unanswerable: true`")
        return self


class Golden(_Strict):
    """The golden questions of one copilot.

    Attributes:
        copilot: the copilot's name.
        corpus: which documents the questions are about, for people.
        questions: in the order of the file; at least one.
    """

    copilot: str = Field(min_length=1, max_length=80)
    corpus: str = ""
    questions: tuple[Question, ...]

    @model_validator(mode="after")
    def _names_are_told_apart(self) -> Golden:
        if not self.questions:
            raise ValueError("there is none; write at least one")
        for what, seen in (("id", [one.id for one in self.questions]), ("ask", [one.ask for one in self.questions])):
            for value, times in Counter(seen).items():
                if times > 1:
                    raise ValueError(f"{times} questions have the {what} {value!r}")
        return self

    @property
    def answerable(self) -> tuple[Question, ...]:
        """Those whose answer is in the documents."""
        return tuple(one for one in self.questions if not one.unanswerable)


def read_golden(text: str, file: str) -> Golden:
    """Golden questions from the text of their file.

    Args:
        text: the YAML.
        file: the file's name, for the message.

    Raises:
        GoldenError: the text holds none; the message has a line for every fault.
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        hint = "Mind the indentation, and quote text that contains ': ' or begins with a special character."
        raise GoldenError(f"{file}: not YAML{_line_of(error)}", hint=hint) from None
    if not isinstance(raw, dict):
        raise GoldenError(f"{file}: not golden questions, which are a YAML mapping", hint=_HINT)
    try:
        return Golden.model_validate(raw)
    except ValidationError as error:
        faults = "\n".join(f"{file}: {_told(fault, raw)}" for fault in error.errors(include_url=False))
        raise GoldenError(faults, hint=_HINT) from None


def question_from(raw: dict[str, Any]) -> Question:
    """One question from its keys, as somebody gave them on a command line.

    Raises:
        GoldenError: it is no golden question.
    """
    try:
        return Question.model_validate(raw)
    except ValidationError as error:
        faults = "\n".join(_told(fault, {}) for fault in error.errors(include_url=False))
        raise GoldenError(faults, hint=_HINT) from None


def load_golden(path: Path) -> Golden:
    """Golden questions from a file.

    Raises:
        NotFoundError: there is no such file.
        GoldenError: it holds no golden questions.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}", hint="Name a YAML file of golden questions with --golden.")
    return read_golden(path.read_text(encoding="utf-8"), path.name)


def write_golden(golden: Golden) -> str:
    """The questions as a YAML file; reading it again gives equal ones."""
    plain = golden.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)


def _line_of(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f": {error.problem} in line {error.problem_mark.line + 1}"
    return ""


def _told(fault: Any, raw: dict[str, Any]) -> str:
    """A fault in plain words; the question is named by its id, since people do not count questions."""
    place = [str(part) for part in fault["loc"]]
    if len(place) > 1 and place[0] == "questions" and raw:
        place[:2] = [_named(raw["questions"][int(place[1])], int(place[1]))]
    key = ".".join(place) or ("questions" if raw else "the question")
    if fault["type"] == "extra_forbidden":
        return f"{key}: no such key"
    if fault["type"] == "missing":
        return f"{key}: is missing; add it"
    return f"{key}: {fault['msg'].removeprefix('Value error, ')}"


def _named(question: Any, number: int) -> str:
    name = question.get("id") if isinstance(question, dict) else None
    return f"question {name or number + 1}"
