"""A git repository, read by `git` itself: which files a commit holds, their contents, and when they changed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from substrate.clock import MICROS
from substrate.errors import SourceError

_FILES = ("100644", "100755")  # neither links nor modules
_LOOKED_AT = 20_000  # commits; what changed before them says no time
_SLOW = 120  # seconds
# A repository's own settings may name programs to run and places to fetch from; none of them is wanted here. Where git
# is older than GIT_NO_LAZY_FETCH (2.39.4), only that no protocol is allowed keeps it from fetching what is missing.
_CAREFUL = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "log.showSignature=false")
_QUIET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of a commit.

    Attributes:
        path: within the repository, as the bytes that git keeps.
        sha: of its content.
        size: in bytes; None: the repository does not have it.
    """

    path: bytes
    sha: str
    size: int | None


class Repository:
    """A checkout or bare repository; nothing of it is changed.

    Args:
        path: where it is.
        name: the source that it is read for, for complaints.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name

    def commit(self, branch: str) -> str:
        """The commit that the name of a branch, tag or commit stands for.

        Raises:
            SourceError: there is no such repository or branch.
        """
        return self._git("rev-parse", "--verify", "--end-of-options", f"{branch}^{{commit}}").decode().strip()

    def files(self, commit: str) -> Iterator[Blob]:
        """The files of a commit, without links and modules.

        Raises:
            SourceError: git cannot list them.
        """
        for line in self._git("ls-tree", "-r", "-z", "-l", "--full-tree", commit).split(b"\0"):
            told, _, path = line.partition(b"\t")
            if path and (parts := told.decode().split())[0] in _FILES:
                yield Blob(path, parts[2], int(parts[3]) if parts[3].isdecimal() else None)

    def content(self, sha: str) -> bytes:
        """The content of a file.

        Raises:
            SourceError: the repository does not have it.
        """
        return self._git("cat-file", "blob", sha)

    def changed(self, commit: str) -> dict[bytes, int]:
        """When the files of a commit last changed, in microseconds since 1970 UTC, as its history tells.

        Raises:
            SourceError: git cannot read it.
        """
        said = self._git("log", "-z", "--name-only", "--no-renames", "--format=%x01%ct", f"-{_LOOKED_AT}", commit, "--")
        found: dict[bytes, int] = {}
        at = 0
        for part in said.replace(b"\n", b"\0").split(b"\0"):
            if part.startswith(b"\1"):
                at = int(part[1:]) * MICROS
            elif part:
                found.setdefault(part, at)
        return found

    def _git(self, *arguments: str) -> bytes:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | _QUIET
        command = ["git", *_CAREFUL, "-C", str(self._path), *arguments]
        try:
            done = subprocess.run(  # noqa: S603  # git itself, and never through a shell
                command, env=environment, capture_output=True, timeout=_SLOW, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._fault(f"git does not answer ({type(error).__name__})", "Install git.") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
            raise self._fault(said, "Correct the path or branch in copilots.yaml, or make the repository readable.")
        return done.stdout

    def _fault(self, said: str, hint: str) -> SourceError:
        return SourceError(f"source {self._name!r}: the repository {self._path} cannot be read: {said}", hint=hint)
