"""Settings: where they come from, where the defaults lie, and that no secret ever shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from automations.channels.smtp import Smtp
from automations.channels.smtp import opened as open_mail
from automations.channels.webhook import Webhook
from automations.channels.webhook import opened as open_webhook
from substrate.columns import Sensitivity
from substrate.database import Database, open_database
from substrate.errors import ConfigurationError
from substrate.settings import Settings

PASSWORD = "s3cret-pässword"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the environment nor a `.env` of the one who runs the tests counts."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PLUMBLINE_{name.upper()}", raising=False)


def test_the_environment_comes_before_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PLUMBLINE_BATCH_ROWS=7\nPLUMBLINE_TIME_ZONE=Europe/Berlin\nOTHER=1\n")
    monkeypatch.setenv("PLUMBLINE_BATCH_ROWS", "8")
    settings = Settings()
    assert (settings.batch_rows, settings.time_zone) == (8, "Europe/Berlin")


def test_a_secret_may_lie_in_a_file_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "plumbline_signing_key").write_text(PASSWORD)
    (tmp_path / "plumbline_batch_rows").write_text("7")
    monkeypatch.setenv("PLUMBLINE_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("PLUMBLINE_BATCH_ROWS", "8")
    assert (Settings().signing_key, Settings().batch_rows) == (SecretStr(PASSWORD), 8)
    assert PASSWORD not in repr(Settings())


def test_everything_lies_below_home(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert settings.resolved_database_url == f"sqlite:///{tmp_path}/plumbline.sqlite"
    places = (settings.resolved_outbox_dir, settings.resolved_contacts_file, settings.resolved_sources_file)
    assert all(place.parent == tmp_path for place in places)


def test_the_default_home_follows_the_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert Settings().home == Path("/data/plumbline")
    monkeypatch.delenv("XDG_DATA_HOME")
    assert Settings().home == Path.home() / ".local" / "share" / "plumbline"


def test_a_tilde_is_the_home_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_HOME", "~/plumb")
    assert Settings().home == Path.home() / "plumb"


def test_a_folder_of_any_name_holds_the_database(tmp_path: Path) -> None:
    home = tmp_path / "a b?c#d%20ü"
    database = open_database(Settings(home=home).resolved_database_url)
    with database.write():
        assert (home / "plumbline.sqlite").exists()
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://anna:{PASSWORD}@db.example/plumb",
        f"postgresql+psycopg://anna@db.example/plumb?password={PASSWORD}&sslpassword={PASSWORD}",
        f"postgresql://anna:{PASSWORD}@db.example:port/plumb",
        PASSWORD,
    ],
)
def test_no_secret_shows(url: str) -> None:
    settings = Settings(database_url=SecretStr(url), signing_key=SecretStr(PASSWORD), smtp_url=SecretStr(PASSWORD))
    shown = (repr(settings), str(settings), settings.model_dump_json(), settings.safe_database_url)
    assert all(PASSWORD not in text and "p%C3%A4ss" not in text for text in shown)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_rows", 0),
        ("mass_delete_share", 1.1),
        ("smtp_clearance", "all"),
        ("time_zone", "Mars/Base"),
        ("time_zone", "../../etc"),
    ],
)
def test_nonsense_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({name: value})


def test_a_lateness_that_is_no_duration_is_named() -> None:
    with pytest.raises(ConfigurationError, match="PLUMBLINE_MAX_LATENESS 'long' is not a duration"):
        Settings(max_lateness="long")


def test_a_channel_is_cleared_as_the_settings_say(tmp_path: Path, database: Database) -> None:
    settings = Settings(home=tmp_path, smtp_url=SecretStr("smtp://localhost"), smtp_clearance="phi")
    mail, webhook = open_mail(settings, database), open_webhook(settings, database)
    assert isinstance(mail, Smtp)
    assert isinstance(webhook, Webhook)
    assert (mail.clearance, webhook.clearance) == (Sensitivity.PHI, Sensitivity.INTERNAL)
    higher = open_webhook(Settings(home=tmp_path, webhook_clearance="pii"), database)
    assert higher is not None
    assert higher.clearance is Sensitivity.PII


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_has_its_heading(name: str) -> None:
    text = DOCS.read_text("utf-8")
    heading = f"## PLUMBLINE_{name.upper()}\n"
    assert text.count(heading) == 1
    section = text.partition(heading)[2].partition("\n## ")[0]
    assert "Default: " in section
    assert f"PLUMBLINE_{name.upper()}=" in section


def test_the_page_names_no_setting_that_there_is_not() -> None:
    headings = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("## PLUMBLINE_")]
    assert sorted(headings) == sorted(f"## PLUMBLINE_{name.upper()}" for name in Settings.model_fields)


@pytest.mark.parametrize(
    ("name", "default"),
    [(name, field.default) for name, field in Settings.model_fields.items() if field.default is not None],
)
def test_the_page_tells_the_default_that_there_is(name: str, default: object) -> None:
    section = DOCS.read_text("utf-8").partition(f"## PLUMBLINE_{name.upper()}\n")[2].partition("\n## ")[0]
    told = {True: "true", False: "false"}.get(default, str(default)) if isinstance(default, bool) else str(default)
    if name != "home":
        assert f"Default: `{told}`" in section
