"""Keys: shown once, kept as a digest, good until they expire or are taken back, and never to be guessed."""

from __future__ import annotations

from threading import Thread

import pytest
from pydantic import SecretStr
from sqlalchemy import event, text

from substrate.access import Caller
from substrate.audit import events_of
from substrate.clock import DAY, HOUR
from substrate.columns import Sensitivity
from substrate.database import Database
from substrate.errors import AuthenticationError, ConfigurationError, ConflictError, NotFoundError, PlumblineError
from substrate.keyring import REREAD, Keyring
from substrate.keys import Key, list_keys, new_key, revoke_key

NOW = 1_700_000_000_000_000
NURSE = Caller("ward", "nurse", Sensitivity.PHI, frozenset({"north", "south"}), frozenset({"hospital"}))


def made(database: Database, caller: Caller = NURSE, expires_at: int | None = None) -> tuple[Key, str]:
    with database.write() as connection:
        key, shown = new_key(connection, caller, NOW, "cli:anna", expires_at)
    return key, shown.get_secret_value()


def bearer(shown: str) -> str:
    return f"Bearer {shown}"


def test_a_key_says_who_asks(clinic: Database) -> None:
    _, shown = made(clinic)
    found = Keyring(clinic).caller(bearer(shown), NOW)
    assert (found.name, found.role, found.clearance) == ("key:ward", "nurse", Sensitivity.PHI)
    assert (found.sites, found.verticals) == (NURSE.sites, NURSE.verticals)


def test_a_key_of_everything_is_not_one_of_nothing(clinic: Database) -> None:
    everything = Keyring(clinic).caller(bearer(made(clinic, Caller("all", "admin"))[1]), NOW)
    nothing = Keyring(clinic).caller(bearer(made(clinic, Caller("none", "admin", sites=frozenset()))[1]), NOW)
    assert (everything.sites, nothing.sites) == (None, frozenset())


def test_the_key_itself_is_kept_nowhere(clinic: Database) -> None:
    key, shown = made(clinic)
    secret = shown.rpartition(key.id)[2].removeprefix("_")
    with clinic.read() as connection:
        for table in ("api_key", "audit_event"):
            assert secret not in str(connection.execute(text(f"SELECT * FROM {table}")).all())
    assert secret not in repr(key)


@pytest.mark.parametrize("change", [lambda s: s[:-1] + ("A" if s[-1] != "A" else "B"), lambda s: s + "A", lambda _: ""])
def test_nearly_right_is_wrong(clinic: Database, change: object) -> None:
    _, shown = made(clinic)
    assert callable(change)
    with pytest.raises(AuthenticationError, match="not accepted"):
        Keyring(clinic).caller(bearer(change(shown)), NOW)


def test_the_secret_of_another_key_opens_nothing(clinic: Database) -> None:
    (one, _), (_, other) = made(clinic), made(clinic, Caller("other", "admin"))
    with pytest.raises(AuthenticationError):
        Keyring(clinic).caller(bearer(f"pl_{one.id}{other[15:]}"), NOW)


@pytest.mark.parametrize("header", [None, "", "Basic abc", "Bearer", "Bearer ü", "Bearer pl_", "pl_0123456789ab_x"])
def test_what_is_no_key_is_refused(clinic: Database, header: str | None) -> None:
    with pytest.raises(AuthenticationError):
        Keyring(clinic).caller(header, NOW)


def test_a_key_expires(clinic: Database) -> None:
    _, shown = made(clinic, expires_at=NOW + DAY)
    ring = Keyring(clinic)
    assert ring.caller(bearer(shown), NOW + DAY - 1)
    with pytest.raises(AuthenticationError):
        ring.caller(bearer(shown), NOW + DAY)


def test_a_key_that_was_taken_back_is_refused_within_seconds(clinic: Database) -> None:
    key, shown = made(clinic)
    ring = Keyring(clinic)
    ring.caller(bearer(shown), NOW)
    with clinic.write() as connection:
        revoke_key(connection, "ward", NOW + 1, "cli:ben")
        assert [(one.actor, one.action) for one in events_of(connection, "api_key", key.id)] == [
            ("cli:anna", "create"), ("cli:ben", "revoke"),
        ]  # fmt: skip
    with pytest.raises(AuthenticationError):
        ring.caller(bearer(shown), NOW + REREAD)


def test_a_clock_that_went_back_does_not_keep_an_old_copy(clinic: Database) -> None:
    _, shown = made(clinic)
    ring = Keyring(clinic)
    ring.caller(bearer(shown), NOW + HOUR)
    with clinic.write() as connection:
        revoke_key(connection, "ward", NOW, "cli:ben")
    with pytest.raises(AuthenticationError):
        ring.caller(bearer(shown), NOW)


def test_many_requests_cost_one_read_and_no_write(clinic: Database) -> None:
    _, shown = made(clinic)
    ring, asked = Keyring(clinic), list[str]()
    engine = clinic.engine
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    for step in range(100):
        ring.caller(bearer(shown), NOW + step)
    assert len([one for one in asked if "api_key" in one]) == 1


def test_that_a_key_is_in_use_is_written_once_an_hour(clinic: Database) -> None:
    _, shown = made(clinic)
    ring = Keyring(clinic)
    for at in (NOW, NOW + 10 * REREAD, NOW + HOUR + REREAD):
        ring.caller(bearer(shown), at)
        ring.note()
    with clinic.read() as connection:
        assert list_keys(connection)[0].last_used_at == NOW + HOUR + REREAD


def test_two_live_keys_share_no_name_and_a_dead_one_gives_it_back(clinic: Database) -> None:
    made(clinic)
    with pytest.raises(ConflictError, match="'ward' already"):
        made(clinic)
    with clinic.write() as connection:
        revoke_key(connection, "ward", NOW, "cli:anna")
    made(clinic)


def test_of_two_who_take_a_key_back_one_does(clinic: Database) -> None:
    made(clinic)
    ended: list[str] = []

    def take() -> None:
        try:
            with clinic.write() as connection:
                revoke_key(connection, "ward", NOW, "cli:anna")
            ended.append("done")
        except PlumblineError as error:
            ended.append(type(error).__name__)

    threads = [Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["NotFoundError", "done"]


@pytest.mark.parametrize("name", ["", "Ward", "ward one", "w" * 64, "-x"])
def test_a_name_is_short_and_plain(clinic: Database, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be the name"):
        made(clinic, Caller(name, "nurse"))


def test_a_key_that_is_not_there_cannot_be_taken_back(clinic: Database) -> None:
    with clinic.write() as connection, pytest.raises(NotFoundError, match="no key 'ward'"):
        revoke_key(connection, "ward", NOW, "cli:anna")


def test_the_key_of_the_machine_opens_only_from_the_machine(clinic: Database) -> None:
    ring = Keyring(clinic, SecretStr("the-local-one"))
    assert ring.caller("Bearer the-local-one", NOW, here=True).clearance == Sensitivity.PHI
    with pytest.raises(AuthenticationError):
        ring.caller("Bearer the-local-one", NOW)
    with pytest.raises(AuthenticationError):
        Keyring(clinic).caller("Bearer ", NOW, here=True)
