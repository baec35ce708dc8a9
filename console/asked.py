"""What programs may ask of a copilot, field by field; the same over HTTP and MCP."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from rag.feedback import Feedback
from rag.hit import Query
from substrate.clock import to_micros

Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]

MOST = 50
"""The most passages that one question may ask for."""


_LARGEST = (1 << 63) - 1
"""A number above it fits no column."""


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EntityAsked(_Asked):
    """One record."""

    kind: Word = Field(description="The kind of record, such as patient.")
    key: Word = Field(description="Its key in its source, or its id.")


class SearchAsked(_Asked):
    """A question, and which documents may answer it."""

    question: Question = Field(description="In plain words.")
    k: int = Field(default=8, ge=1, le=MOST, description="How many passages are wanted.")
    kinds: list[Word] = Field(default=[], max_length=50, description="Only documents of these kinds; none: of any.")
    sites: list[Word] = Field(default=[], max_length=50, description="Only documents of these sites; none: of any.")
    entity: EntityAsked | None = Field(default=None, description="Only what tells of this record.")
    changed_after: AwareDatetime | None = Field(default=None, description="Only documents that changed after it.")
    changed_before: AwareDatetime | None = Field(default=None, description="Only documents that changed before it.")

    @property
    def query(self) -> Query:
        """The same for the index; its entity is looked up by whoever knows the asker."""
        return Query(
            self.question, self.k, frozenset(self.kinds), frozenset(self.sites), None,
            to_micros(self.changed_after) if self.changed_after else None,
            to_micros(self.changed_before) if self.changed_before else None,
        )  # fmt: skip

    @property
    def about(self) -> tuple[str, str] | None:
        """The record that it is about, if it is about one."""
        return None if self.entity is None else (self.entity.kind, self.entity.key)


class ContextAsked(SearchAsked):
    """A question about a record: its features are told beside the passages."""

    entity: EntityAsked = Field(description="The record whose features are wanted.")
    features: list[Word] = Field(default=[], max_length=200, description="Only these features; none: all of them.")
    only_entity: bool = Field(default=False, description="Search only in what tells of the record.")


class AnswerAsked(SearchAsked):
    """A question that shall be answered."""

    stream: bool = Field(default=False, description="Send the answer as it comes, as server-sent events.")


class FeedbackAsked(_Asked):
    """What somebody says of an answer."""

    question: Question = Field(description="As it was asked; what is personal in it is masked before it is kept.")
    helpful: bool = Field(description="Whether the answer helped.")
    chunks: list[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]] = Field(
        default=[], max_length=MOST, description="Ids of the passages that were shown, best first."
    )
    generation: int | None = Field(
        default=None, ge=1, le=_LARGEST, description="Of which generation of the index they were."
    )
    comment: Annotated[str, StringConstraints(max_length=4_000)] | None = Field(
        default=None, description="What they add; what is personal in it is masked."
    )

    def feedback(self, copilot: str) -> Feedback:
        """The same for a copilot."""
        return Feedback(copilot, self.question, self.helpful, tuple(self.chunks), self.generation, self.comment)
