"""A git repository as a source: what is committed, and nothing that lies beside it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from rag.copilot import SourceSpec
from rag.document import UnreadableError
from rag.sources.checkout import CheckoutFiles
from substrate.clock import MICROS
from substrate.errors import SourceError

AT = 1_700_000_000
Git = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return tmp_path / "repository"


@pytest.fixture
def git(repository: Path) -> Git:
    repository.mkdir()

    def run(*arguments: str, at: int = AT) -> str:
        names = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
        environment = {
            "GIT_COMMITTER_DATE": f"{at} +0000",
            "PATH": "/usr/bin:/bin:/usr/local/bin",
            "HOME": str(repository),
        }
        command = ["git", "-C", str(repository), *names, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()

    run("init")
    (repository / "beds.md").write_text("# Beds\n\nClean them.")
    (repository / "pay é.md").write_text("# Pay\n\nMonthly.")
    run("add", ".")
    run("commit", "-m", "one")
    return run


def source(path: Path, **options: Any) -> CheckoutFiles:
    return CheckoutFiles(SourceSpec.model_validate({"name": "manual", "checkout": {"path": path, **options}}))


@pytest.fixture
def connection() -> Any:
    with create_engine("sqlite://").connect() as opened:
        yield opened


def test_what_is_committed_is_read_and_nothing_beside_it(repository: Path, git: Git, connection: Connection) -> None:
    (repository / "beds.md").write_text("# Beds\n\nNot yet committed.")
    (repository / "new.md").write_text("# New")
    beds, pay = list(source(repository).entries(connection))
    assert (beds.key, pay.key) == ("beds.md", "pay é.md")
    assert beds.stamp == git("rev-parse", "HEAD:beds.md")
    assert beds.read().text == "# Beds\n\nClean them."


def test_a_document_says_its_commit_and_when_it_changed(repository: Path, git: Git, connection: Connection) -> None:
    (repository / "beds.md").write_text("# Beds\n\nTwice.")
    git("commit", "-am", "two", at=AT + 60)
    beds, pay = [entry.read() for entry in source(repository).entries(connection)]
    assert beds.version == git("rev-parse", "HEAD")
    assert (beds.changed_at, pay.changed_at) == ((AT + 60) * MICROS, AT * MICROS)


def test_another_branch_of_a_bare_repository(
    repository: Path, git: Git, connection: Connection, tmp_path: Path
) -> None:
    git("checkout", "-b", "next")
    git("rm", "pay é.md")
    git("commit", "-m", "two")
    git("clone", "--bare", str(repository), str(tmp_path / "bare"))
    assert [entry.key for entry in source(tmp_path / "bare", branch="next").entries(connection)] == ["beds.md"]
    assert len(list(source(tmp_path / "bare", branch="main").entries(connection))) == 2


def test_links_are_left_out(repository: Path, git: Git, connection: Connection) -> None:
    (repository / "out.md").symlink_to("/etc/passwd")
    git("add", ".")
    git("commit", "-m", "two")
    assert "out.md" not in [entry.key for entry in source(repository).entries(connection)]


@pytest.mark.usefixtures("git")
@pytest.mark.parametrize("branch", ["nothing", "deadbeef"])
def test_a_branch_that_is_not_there_is_an_error(repository: Path, connection: Connection, branch: str) -> None:
    with pytest.raises(SourceError, match="manual"):
        list(source(repository, branch=branch).entries(connection))


def test_a_folder_that_is_no_repository_is_an_error(tmp_path: Path, connection: Connection) -> None:
    with pytest.raises(SourceError, match="not a git repository"):
        list(source(tmp_path).entries(connection))


@pytest.mark.usefixtures("git")
def test_a_commit_without_a_file_to_read_is_an_error(repository: Path, connection: Connection) -> None:
    with pytest.raises(SourceError, match="holds no file"):
        list(source(repository, include=("nothing/**",)).entries(connection))


def test_a_branch_cannot_be_an_option_of_git() -> None:
    with pytest.raises(ValueError, match="branch"):
        source(Path(), branch="--output=/tmp/x")


def test_a_repository_cannot_have_us_run_its_programs(repository: Path, git: Git, connection: Connection) -> None:
    ran = repository / "ran"
    script = repository / "script.sh"
    script.write_text(f"#!/bin/sh\ntouch {ran}\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "gpg.program", "core.pager", "core.sshCommand"):
        git("config", key, str(script))
    git("config", "log.showSignature", "true")
    for entry in source(repository).entries(connection):
        entry.read()
    assert not ran.exists()


def test_a_file_that_the_repository_lost_is_held_and_the_rest_is_read(
    repository: Path, git: Git, connection: Connection
) -> None:
    sha = git("rev-parse", "HEAD:beds.md")
    (repository / ".git" / "objects" / sha[:2] / sha[2:]).unlink()
    beds, pay = list(source(repository).entries(connection))
    assert pay.read().title == "Pay"
    with pytest.raises(UnreadableError, match="does not hold it"):
        beds.read()


def test_what_is_missing_is_not_fetched_by_a_program_that_the_repository_names(
    repository: Path, git: Git, connection: Connection, tmp_path: Path
) -> None:
    sha = git("rev-parse", "HEAD:beds.md")
    (repository / ".git" / "objects" / sha[:2] / sha[2:]).unlink()
    fetch = {
        "core.repositoryformatversion": "1", "extensions.partialClone": "origin", "remote.origin.promisor": "true",
        "remote.origin.url": "ssh://host/path", "core.sshCommand": f"touch {tmp_path}/ran; false",
    }  # fmt: skip
    for name, value in fetch.items():
        git("config", name, value)
    with pytest.raises(UnreadableError):
        next(source(repository).entries(connection)).read()
    assert not (tmp_path / "ran").exists()
