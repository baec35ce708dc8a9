"""Which embedder the settings ask for."""

from __future__ import annotations

from rag.embedder import Embedder
from rag.embedders.recent import RecentlyEmbedded
from substrate.columns import Sensitivity
from substrate.errors import ConfigurationError
from substrate.settings import Settings


def open_embedder(settings: Settings, *, threads: int = 1) -> Embedder:
    """The embedder of the settings, never another one in its place.

    Args:
        settings: `embedder`, and what belongs to it.
        threads: how many cores one call may use, on this machine.

    Raises:
        ConfigurationError: the model is not installed, or a setting of the hosted embedder is missing or wrong.
    """
    # The library of either takes a third of a second to import, and the other one's is not needed.
    if settings.embedder == "minilm":
        from rag.embedders.minilm import open_minilm

        return open_minilm(settings.resolved_models_dir, threads=threads)
    return _hosted(settings)


def _hosted(settings: Settings) -> Embedder:
    from rag.embedders.hosted import HostedEmbedder, HostedModel

    if settings.embed_url is None or settings.embed_model is None:
        missing = "PLUMBLINE_EMBED_URL" if settings.embed_url is None else "PLUMBLINE_EMBED_MODEL"
        hint = f"Set {missing}, or PLUMBLINE_EMBEDDER=minilm for the one on this machine."
        raise ConfigurationError(f"the embedder is `hosted`, and {missing} is not set", hint=hint)
    hosted = HostedModel(settings.embed_url, settings.embed_model, settings.embed_key, settings.embed_dimensions)
    return RecentlyEmbedded(HostedEmbedder(hosted, Sensitivity[settings.embed_clearance.upper()]))
