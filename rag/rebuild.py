"""When a change is so large that it is built beside what answers, as a copilot declares it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field


@dataclass(frozen=True, slots=True)
class Delta:
    """How many documents are new, changed or gone, and how many there were."""

    changed: int
    documents: int


class Rebuild(BaseModel):
    """When a change of the same recipe is built beside what answers. New, changed and gone documents count together."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: float = Field(
        0.5, ge=0, le=1, description="The share of the documents of which more must change, from 0 to 1."
    )
    floor: int = Field(500, ge=0, description="So many documents are always changed in place.")

    def beside(self, delta: Delta) -> bool:
        """Whether a change is so large that nobody shall see it half done."""
        return delta.changed > max(self.floor, self.share * delta.documents)
