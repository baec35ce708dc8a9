"""Documents told from records: who may see them follows from what they say, and only what changed is told again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, update

from rag.document import UnreadableError
from rag.told.source import RecordsSource
from rag.told.telling import TellingError
from substrate.access import Label
from substrate.batches import current_batch
from substrate.columns import Sensitivity
from substrate.database import Database, open_database
from substrate.records import table_of
from substrate.sources.source import Row
from tests.rag.told.clinic import DOCTOR, VISIT, documents, feed, key_of, told
from tests.substrate.clinic import Doctor, row


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """An empty database, for what is the same on both."""
    opened = open_database(f"sqlite:///{tmp_path / 'it.sqlite'}")
    yield opened
    opened.close()


ANN = row("Doctor", {"id": "a", "name": "Ann\n# Heading"})
BOB = row("Doctor", {"id": "b", "name": "Bob"})


def visit(key: str, doctor: str = "a", **more: Any) -> Row:
    return row("Visit", {"id": key, "doctor": doctor, "start": "2026-01-01T08:00:00Z", **more})


def level(body: str, lists: str = "") -> str:
    return f"---\nentity: doctor\ntitle: Doctor\n{lists}\n---\n{body}"


def test_a_record_is_told_in_the_words_of_people(database: Database) -> None:
    feed(database, ANN, visit("1", fee=20), visit("2", fee=3), visit("3", fee=4))
    told_of = documents(database, told(database, doctor=DOCTOR))[key_of("doctor", "doctor", "a")][1]
    assert told_of.title == "Doctor Ann # Heading"
    assert told_of.text.splitlines()[0] == "Ann # Heading saw 3:"
    assert "- Thu 1 Jan 2026 08:00, 20 EUR." in told_of.text or "4 EUR" in told_of.text
    assert (told_of.kind, told_of.version) == ("doctor", "batch 1")


@pytest.mark.parametrize(
    ("text", "level_of_it"),
    [
        (level("{{ doctor.source }}"), Sensitivity.INTERNAL),
        (level("Hello"), Sensitivity.INTERNAL),
        (level("{{ doctor.name }}"), Sensitivity.PII),
        (level("{% if doctor.name == 'x' %}{% endif %}"), Sensitivity.PII),
        (level("{% for n, v in doctor|items %}{{ n }}{% endfor %}"), Sensitivity.PII),
        (level("{{ visits_count }}", "lists: {visits: {kind: visit, by: doctor_id}}"), Sensitivity.PHI),
        (level("", "skip: {name: Bob}"), Sensitivity.PII),
    ],
)
def test_a_document_is_as_protected_as_what_it_says(
    sqlite_database: Database, text: str, level_of_it: Sensitivity
) -> None:
    feed(sqlite_database, ANN)
    found = [one.label.sensitivity for _, one in documents(sqlite_database, told(sqlite_database, it=text)).values()]
    assert found == [level_of_it]


def test_a_reference_passes_its_protection_on(sqlite_database: Database) -> None:
    feed(sqlite_database, ANN, visit("1"))
    text = "---\nentity: visit\ntitle: Visit\n---\n{{ visit.doctor.source }}"
    ((_, found),) = documents(sqlite_database, told(sqlite_database, it=text)).values()
    assert found.label.sensitivity is Sensitivity.PHI


def test_what_rests_on_two_sites_is_of_none(sqlite_database: Database) -> None:
    feed(sqlite_database, ANN, visit("1", site="north", steps=["x"]), visit("2", site="south"))
    found = documents(sqlite_database, told(sqlite_database, visit=VISIT, doctor=DOCTOR))
    assert found[key_of("visit", "visit", "1")][1].label == Label(Sensitivity.PHI, "north")
    assert found[key_of("doctor", "doctor", "a")][1].label.site is None


def test_a_promise_is_kept_at_the_last(sqlite_database: Database) -> None:
    feed(sqlite_database, ANN)
    text = level("{% for n, v in doctor|items %}{{ v }}{% endfor %}", "at_most: internal")
    with pytest.raises(UnreadableError, match="at_most") as caught:
        documents(sqlite_database, told(sqlite_database, it=text))
    assert caught.value.reason == "sensitivity"


def test_a_template_that_stumbles_is_held_without_a_value(sqlite_database: Database) -> None:
    feed(sqlite_database, ANN)
    with pytest.raises(UnreadableError) as caught:
        documents(sqlite_database, told(sqlite_database, it=level("{{ doctor.name|abs }}")))
    assert caught.value.reason == "template"
    assert "Ann" not in caught.value.detail
    assert "it.md, line 1" in caught.value.detail


def test_only_what_a_batch_changed_gets_another_stamp(database: Database) -> None:
    feed(database, ANN, BOB, visit("1"), visit("2", doctor="b"))
    source = told(database, doctor=DOCTOR)
    before = documents(database, source)
    feed(database, visit("2", doctor="b", fee=9))
    after = documents(database, source)
    assert {key for key in after if after[key][0] != before[key][0]} == {key_of("doctor", "doctor", "b")}


def test_gone_and_unwanted_records_leave(database: Database) -> None:
    feed(database, ANN, visit("1", paid=True), visit("2"), visit("3", paid=False))
    source = told(database, visit=VISIT, doctor=DOCTOR)
    names = {key_of("visit", "visit", one) for one in "12"} | {key_of("doctor", "doctor", "a")}
    assert documents(database, source).keys() == names
    with database.write() as connection:
        connection.execute(update(table_of(Doctor)).values(gone_at=1, batch=9))
    assert documents(database, source).keys() == names - {key_of("doctor", "doctor", "a")}


def test_those_after_one_another_are_fetched_together(sqlite_database: Database) -> None:
    people = [row("Doctor", {"id": f"{number}", "name": "N"}, number) for number in range(600)]
    feed(sqlite_database, *people)
    statements: list[str] = []
    with sqlite_database.read() as connection:
        entries = list(told(sqlite_database, doctor=DOCTOR).entries(connection))
    event.listen(sqlite_database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    assert len([entry.read() for entry in entries]) == 600
    assert len([one for one in statements if one != "BEGIN"]) == 2 * 10
    statements.clear()
    assert [entries[place].read().title for place in (7, 500)] == ["Doctor N", "Doctor N"]
    assert len([one for one in statements if one != "BEGIN"]) == 2 * 2


def test_some_are_listed_without_the_others(database: Database) -> None:
    feed(database, ANN, BOB)
    source = told(database, doctor=DOCTOR)
    wanted = [key_of("doctor", "doctor", "a"), "doctor/12", "nobody/3", "doctor/x"]
    with database.read() as connection:
        assert [entry.key for entry in source.some(connection, wanted)] == wanted[:1]


def test_a_template_that_is_wrong_says_so_before_anything_is_read(sqlite_database: Database) -> None:
    with pytest.raises(TellingError):
        told(sqlite_database, it=level("{{ doctor.nam }}"))


@pytest.fixture(scope="module")
def everlasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database in which each example finds what the ones before left."""
    opened = open_database(f"sqlite:///{tmp_path_factory.mktemp('told') / 'it.sqlite'}")
    yield opened
    opened.close()


KEYS = st.sampled_from("12")
ROWS = st.one_of(
    st.builds(lambda key, name: row("Doctor", {"id": key, "name": name}), st.sampled_from("ab"), st.sampled_from("xy")),
    st.builds(
        lambda key, doctor, paid, steps: visit(key, doctor, paid=paid, steps=sorted(steps)),
        KEYS, st.sampled_from("ab"), st.sampled_from([True, False, None]), st.sets(st.sampled_from("pq")),
    ),
    st.builds(lambda key: row("Visit", None, deleted_key=key), KEYS),
)  # fmt: skip


def changes_are_noticed(database: Database, batches: list[list[Row]]) -> None:
    """After each batch: what reads otherwise has another stamp, and is among what was touched."""
    feed(database)
    source = told(database, doctor=DOCTOR, visit=VISIT)
    before = documents(database, source)
    for rows in batches:
        with database.read() as connection:
            last = current_batch(connection)
        feed(database, *rows)
        after = documents(database, source)
        with database.read() as connection:
            touched = source.touched(connection, last + 1)
        for key in before.keys() | after.keys():
            old, new = before.get(key), after.get(key)
            if old is None or new is None or old[1] != new[1]:
                assert key in touched
                assert old is None or new is None or old[0] != new[0]
        before = after


@given(st.lists(st.lists(ROWS, min_size=1, max_size=3), max_size=6))
@settings(max_examples=15)
def test_no_change_goes_unnoticed(everlasting: Database, batches: list[list[Row]]) -> None:
    changes_are_noticed(everlasting, batches)


def test_nor_on_either_database(database: Database) -> None:
    changes_are_noticed(
        database,
        [
            [visit("1", "b", steps=["p"]), visit("2", "a")],
            [row("Doctor", {"id": "b", "name": "x"})],
            [visit("1", "a", steps=["p", "q"])],
            [visit("1", "a", steps=["q"]), row("Doctor", {"id": "b", "name": "y"})],
            [row("Visit", None, deleted_key="1"), visit("2", "b", paid=False)],
        ],
    )


def test_its_fingerprint_follows_the_templates(sqlite_database: Database) -> None:
    first, second = told(sqlite_database, doctor=DOCTOR), told(sqlite_database, doctor=f"{DOCTOR}!")
    assert isinstance(first, RecordsSource)
    assert first.fingerprint() != second.fingerprint()
