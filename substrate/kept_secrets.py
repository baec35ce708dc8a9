"""Secrets that are made once and kept in the data folder, each in a file that its owner alone can read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from substrate.errors import ConfigurationError

MODE = 0o600
"""For the owner alone."""

_TOKEN_BYTES = 32
_SUFFIXES = (".auth", ".key", ".token")


def kept_secret(path: Path, make: Callable[[], str], *, what: str, hint: str) -> SecretStr:
    """The secret of a file; made if there is none. Two processes that start together agree: the first file wins.

    Args:
        path: where it is kept; ends with `.auth`, `.key` or `.token`.
        make: a new one.
        what: what it is, for people.
        hint: what to do where the file is of no use.

    Raises:
        ConfigurationError: the file is empty, or cannot be read or written.
    """
    try:
        if not path.exists():
            _keep(path, make())
        kept = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read as {what}", hint=hint) from error
    if not kept:
        raise ConfigurationError(f"{path} is empty", hint=hint)
    return SecretStr(kept)


def kept_secrets(folder: Path) -> set[str]:
    """Every secret that is kept in a folder, to be blotted out wherever it may show."""
    files = [path for path in folder.glob("*.*") if path.suffix in _SUFFIXES and path.is_file()]
    return {path.read_text(encoding="ascii", errors="replace").strip() for path in files}


def token() -> str:
    """A new secret that nobody can guess, of letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def _keep(path: Path, text: str) -> None:
    """Write a file beside its place and link it there; whoever comes second leaves the first one's alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
