"""The recipe by which documents become chunks; another recipe is another generation of the index."""

from __future__ import annotations

import hashlib
from importlib.metadata import version

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = 1
"""Grows whenever the code makes other chunks of the same document."""

_LIBRARIES = ("semantic-text-splitter", "markdown-it-py")


class Recipe(BaseModel):
    """How documents are cut. The tokens are those of the copilot's embedder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: int = Field(
        250,
        ge=32,
        le=8_192,
        description="The most tokens of a chunk with its title and headings; the embedder reads no further than 256.",
    )
    least: int = Field(
        32, ge=0, le=1_024, description="A section with fewer tokens is joined with the next one, if they fit together."
    )
    overlap: int = Field(
        0, ge=0, le=1_024, description="Tokens that neighbouring chunks of one long section may share."
    )

    def fingerprint(self) -> str:
        """Names the recipe and the libraries that carry it out; changes when the same document gives other chunks."""
        parts = [str(SCHEMA), self.model_dump_json(), *(f"{name} {version(name)}" for name in _LIBRARIES)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
