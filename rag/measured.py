"""Whether an embedder is the one that weights and thresholds were measured with; of others only the order counts."""

from __future__ import annotations

from rag.embedder import Embedder
from rag.embedders.kept_model import MODEL


def is_measured(embedder: Embedder) -> bool:
    """Whether cosines of this embedder spread as those of all-MiniLM-L6-v2 do."""
    return embedder.fingerprint.startswith(f"{MODEL}/")
