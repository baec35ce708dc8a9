"""Tickets that were exported: what becomes a document, what leaves, what is held, and what is never read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from rag.copilot import SourceSpec
from rag.document import Document, UnreadableError
from rag.sources.tickets import TicketExport
from substrate.access import Label
from substrate.clock import parse_instant
from substrate.columns import Sensitivity
from substrate.errors import SourceError

Write = Callable[..., Path]


@pytest.fixture
def connection() -> Any:
    with create_engine("sqlite://").connect() as opened:
        yield opened


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(*rows: Any, name: str = "tickets.ndjson") -> Path:
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (tmp_path / name).write_text("\n".join(lines) + "\n", "utf-8")
        return tmp_path / name

    return written


def source(path: Path, zone: str = "UTC", said: Any = None, **options: Any) -> TicketExport:
    spec = SourceSpec.model_validate({"name": "desk", "tickets": {"path": path, **options}, **(said or {})})
    return TicketExport(spec, zone)


def read(found: TicketExport, connection: Connection) -> dict[str, Document | str]:
    """Every entry by its key: the document, or the reason for which it is held."""
    told: dict[str, Document | str] = {}
    for entry in found.entries(connection):
        try:
            told[entry.key] = entry.read()
        except UnreadableError as error:
            told[entry.key] = error.reason
    return told


def titles(told: dict[str, Document | str]) -> dict[str, str]:
    """The titles of documents, and the reasons of what is held."""
    return {key: each.title if isinstance(each, Document) else each for key, each in told.items()}


def one(found: TicketExport, connection: Connection) -> Document:
    (document,) = read(found, connection).values()
    assert isinstance(document, Document)
    return document


TICKET = {
    "id": 4711,
    "subject": "Scanner is dead",
    "description": "It does not wake up.",
    "status": "closed",
    "created_at": "2024-06-03T09:00:00Z",
    "updated_at": "2024-06-05T09:00:00Z",
    "url": "https://desk.example/4711",
    "comments": [{"body": "Try the button.", "created_at": "2024-06-04T09:00:00Z"}],
}


def test_a_ticket_becomes_a_document(write: Write, connection: Connection) -> None:
    told = one(source(write(TICKET)), connection)
    assert (told.key, told.title, told.kind, told.link) == ("4711", "Scanner is dead", "ticket", TICKET["url"])
    assert told.text == (
        "Ticket 4711, closed, opened on 3 June 2024.\n\nIt does not wake up.\n\n"
        "## Comment of 4 June 2024\n\nTry the button."
    )
    assert told.changed_at == parse_instant("2024-06-05T09:00:00Z")


def test_tickets_are_taken_to_name_people_unless_somebody_says_otherwise(write: Write, connection: Connection) -> None:
    path = write({**TICKET, "site": "north"})
    assert one(source(path), connection).label == Label(Sensitivity.PII, "north", frozenset())
    said = {"sensitivity": "phi", "roles": ["agent"], "site": "south", "kind": "incident"}
    told = one(source(write(TICKET), said=said), connection)
    assert (told.label, told.kind) == (Label(Sensitivity.PHI, "south", frozenset({"agent"})), "incident")


CSV = (
    'Ticket ID;Subject;Description;Status;Created\n1;Login;"No\nentry; none";open;2024-01-02 08:00\n2;Mail;Lost;open;\n'
)
FORMS: dict[str, bytes] = {
    "t.csv": CSV.encode(),
    "t.tsv": CSV.replace(";", "\t").encode("utf-16"),
    "t.json": json.dumps([{"id": 1, "title": "Login"}, {"id": 2, "title": "Mail"}]).encode(),
    "wrapped.json": json.dumps(
        {"count": 2, "tickets": [{"id": 1, "title": "Login"}, {"id": 2, "title": "Mail"}]}
    ).encode(),
    "t.ndjson.gz": gzip.compress(b'{"issue": {"id": 1, "title": "Login"}}\n{"id": 2, "title": "Mail"}\n'),
    "lines.json": b'{"id": 1, "title": "Login"}\n{"id": 2, "title": "Mail"}\n',
}


@pytest.mark.parametrize("name", FORMS)
def test_each_format_is_read(tmp_path: Path, connection: Connection, name: str) -> None:
    (tmp_path / name).write_bytes(FORMS[name])
    told = read(source(tmp_path / name), connection)
    assert titles(told) == {"1": "Login", "2": "Mail"}


@pytest.mark.parametrize(
    ("pattern", "keys"), [("", "123"), ("a*.ndjson", "1"), ("**/*.ndjson", "123"), ("deep/*", "3")]
)
def test_a_folder_and_a_pattern_bring_their_files(
    write: Write, connection: Connection, pattern: str, keys: str
) -> None:
    root = write({"id": 1, "title": "x"}, name="a.ndjson").parent
    (root / "deep").mkdir()
    write({"id": 2, "title": "y"}, name="b.ndjson")
    write({"id": 3, "title": "z"}, name="deep/c.ndjson")
    write({"id": 4, "title": "hidden"}, name=".d.ndjson")
    write({"id": 5, "title": "unfinished"}, name="e.ndjson.part")
    assert sorted(read(source(root / pattern), connection)) == list(keys)


@pytest.mark.parametrize(
    "said",
    [
        {"status": "Merged"}, {"state": "SPAM"}, {"deleted": True}, {"is_spam": "yes"}, {"merged_into": 17},
        {"duplicate_of": "T-3"}, {"superseded_by": {"id": 9}}, {"is_private": True}, {"internal": "x"},
    ],
)  # fmt: skip
def test_what_is_deleted_replaced_or_internal_is_not_there(write: Write, connection: Connection, said: Any) -> None:
    path = write({"id": 4711, "title": "Gone", **said}, {"id": 2, "title": "Here"})
    assert list(read(source(path), connection)) == ["2"]


@pytest.mark.parametrize(
    "said", [{"deleted": False}, {"merged_into": None}, {"merged_into": 4711}, {"duplicate_of": 0}]
)
def test_what_is_not_replaced_stays(write: Write, connection: Connection, said: Any) -> None:
    assert list(read(source(write({"id": 4711, "title": "Here", **said})), connection)) == ["4711"]


INTERNAL = [{"internal": True}, {"is_private": 1}, {"public": False}, {"private_notes": "ja"}, {"public": None}]


@pytest.mark.parametrize("said", INTERNAL)
def test_internal_comments_are_left_out_unless_they_are_wanted(write: Write, connection: Connection, said: Any) -> None:
    path = write({**TICKET, "comments": [{"body": "He is a nuisance.", **said}, {"body": "Done.", "public": True}]})
    assert "nuisance" not in one(source(path), connection).text
    assert "nuisance" in one(source(path, internal=True), connection).text


def test_a_description_that_repeats_an_internal_comment_is_left_out_too(write: Write, connection: Connection) -> None:
    path = write({**TICKET, "comments": [{"body": "It does  not wake up.", "public": False}]})
    assert "wake" not in one(source(path), connection).text


def test_what_one_row_calls_internal_is_internal_in_every_row(write: Write, connection: Connection) -> None:
    said = [{"body": "He is a nuisance.", "internal": False}, {"body": "He is a  nuisance.", "internal": True}]
    assert "nuisance" not in one(source(write({**TICKET, "comments": said})), connection).text


def test_what_the_first_comment_repeats_is_told_once(write: Write, connection: Connection) -> None:
    path = write({**TICKET, "comments": [{"body": "It does not wake up."}, {"body": "Again."}, {"body": "Again."}]})
    text = one(source(path), connection).text
    assert (text.count("wake up"), text.count("Again.")) == (1, 1)


def test_comments_stand_in_rows_of_their_ticket(write: Write, connection: Connection) -> None:
    path = write(
        "Ticket ID,Subject,Description,Comment,Comment date,Internal",
        "1,Login,Broken,Second,2024-02-02,no",
        "2,Mail,Lost,,,",
        "1,Login,Broken,First,2024-02-01,no",
        "1,Login,Broken,Secret,2024-02-03,yes",
        "1,,,Third,2024-02-04,",
        name="t.csv",
    )
    told = read(source(path), connection)
    assert isinstance(text := told["1"], Document)
    assert [line for line in text.text.split("\n\n") if not line.startswith("#")][1:] == [
        "Broken", "First", "Second", "Third",
    ]  # fmt: skip
    assert len(told) == 2


def test_a_column_that_is_repeated_brings_a_comment_each_time(write: Write, connection: Connection) -> None:
    path = write("Issue key,Summary,Comment,Comment", "A-1,Login,first,second", name="t.csv")
    text = one(source(path), connection).text
    assert [word for word in ("first", "second") if word in text] == ["first", "second"]


def test_comments_lie_in_a_file_of_their_own_in_any_order(write: Write, connection: Connection) -> None:
    tickets = write(*({"id": n, "title": f"Ticket {n}"} for n in range(30)), name="tickets.ndjson")
    said = [{"ticket_id": n % 30, "body": f"said {n} here"} for n in reversed(range(90))]
    replies = write(*said, {"ticket_id": 99, "body": "of nobody"}, name="replies.ndjson")
    told = read(source(tickets.parent, comments_path=replies), connection)
    assert len(told) == 30
    assert all(
        isinstance(each, Document) and all(f"said {n} here" in each.text for n in range(int(key), 90, 30))
        for key, each in told.items()
    )


def test_a_single_ticket_can_be_read_again_and_backwards(write: Write, connection: Connection) -> None:
    entries = list(source(write(*({"id": n, "title": f"Number {n}"} for n in range(9)))).entries(connection))
    assert [entry.read().title for entry in reversed(entries)] == [f"Number {n}" for n in reversed(range(9))]
    assert entries[4].read().title == entries[4].read().title


def test_html_is_read_as_html_and_what_people_write_is_no_heading(write: Write, connection: Connection) -> None:
    html = "<div><h1>Help</h1><p>The <b>scanner</b> &amp; I</p><script>steal()</script><pre># code</pre></div>"
    path = write({"id": 1, "title": "x", "body": html, "comments": [{"body": "# Not a heading\n```\nnor code"}]})
    text = one(source(path), connection).text
    assert text.split("\n\n")[1:3] == ["**Help**", "The **scanner** & I"]
    assert "steal" not in text
    assert "\\# Not a heading\n\\```" in text
    assert "<div>" in one(source(path, text="plain"), connection).text


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2024-06-03 11:00:00", "2024-06-03T09:00:00Z"), ("2024-06-03T11:00:00+00:00", "2024-06-03T11:00:00Z"),
        ("2024-06-03", "2024-06-02T22:00:00Z"), ("03.06.2024 11:00", "2024-06-03T09:00:00Z"),
        ("2024-10-27 02:30:00", "2024-10-27T00:30:00Z"), ("2024-03-31 02:30:00", "2024-03-31T01:30:00Z"),
        ("2024-06-03 09:00:00 UTC", "2024-06-03T09:00:00Z"), ("2024-06-03 09:00:00 +0530", "2024-06-03T03:30:00Z"),
        (1717412400, "2024-06-03T11:00:00Z"), ("1717412400000", "2024-06-03T11:00:00Z"),
    ],
)  # fmt: skip
def test_times_are_read_in_the_declared_zone(write: Write, connection: Connection, written: Any, instant: str) -> None:
    path = write({"id": 1, "title": "x", "updated": written})
    told = one(source(path, zone="Europe/Berlin", times=["%d.%m.%Y %H:%M"]), connection)
    assert told.changed_at == parse_instant(instant)


@pytest.mark.parametrize("written", [10**40, -(10**17), "0001-01-01T00:00:00+14:00", "31.31.2024", "yesterday"])
def test_what_no_calendar_has_is_no_time(write: Write, connection: Connection, written: Any) -> None:
    told = read(source(write({"id": 1, "title": "x", "created": written}), zone="America/New_York"), connection)
    assert told == {"1": "bad_time"}


def test_what_cannot_be_read_is_held_and_the_rest_goes_on(write: Write, connection: Connection) -> None:
    path = write(
        {"id": 1, "title": "good"},
        '{"id": 2, "title": "broken',
        {"title": "nameless"},
        "[1, 2]",
        {"id": 3, "title": "x", "created": "some time in May"},
        {"id": 4, "title": " ", "body": None},
        {"id": 5, "title": "one"},
        {"id": 5, "title": "another"},
        {"id": 6, "title": "good too"},
    )
    told = titles(read(source(path), connection))
    assert told == {
        "1": "good", "2": "bad_json", "tickets.ndjson:3": "no_id", "tickets.ndjson:4": "not_an_object",
        "3": "bad_time", "4": "no_text", "5": "contradictory", "6": "good too",
    }  # fmt: skip


def test_a_row_of_a_csv_that_is_too_wide_is_held_under_its_ticket(write: Write, connection: Connection) -> None:
    path = write("id,title", "1,Login", "2,Mail,lost,twice", "Zoe Quillfeather,5551234567,a", "3,Disk", name="t.csv")
    told = titles(read(source(path), connection))
    assert told == {"1": "Login", "2": "bad_columns", "t.csv:4": "bad_columns", "3": "Disk"}


def test_a_line_in_another_encoding_is_held(tmp_path: Path, connection: Connection) -> None:
    lines = [f'{{"id": {n}, "title": "Müller {n}"}}'.encode("latin-1" if n == 3 else "utf-8") for n in range(9)]
    (tmp_path / "t.ndjson").write_bytes(b"\n".join(lines) + b"\n")
    told = read(source(tmp_path / "t.ndjson"), connection)
    assert (told.pop("3"), len(told)) == ("bad_encoding", 8)
    assert all(isinstance(each, Document) for each in told.values())


def test_nothing_that_somebody_wrote_stands_in_a_reason(write: Write, connection: Connection) -> None:
    rows = ({"id": 1, "title": "Quillfeather", "created": "Quillfeather"}, {"title": "Quillfeather"}, '{"Quillfeather')
    entries = list(source(write({"id": 9, "title": "x"}, *rows)).entries(connection))[1:]
    for entry in entries:
        with pytest.raises(UnreadableError) as error:
            entry.read()
        assert "Quillfeather" not in f"{error.value.detail} {entry.key}"


def test_of_two_exports_the_later_change_counts(write: Write, connection: Connection) -> None:
    write({"id": 1, "title": "new", "updated": "2024-02-01"}, name="b.ndjson")
    write({"id": 1, "title": "oldest", "updated": "2023-01-01"}, name="c.ndjson")
    path = write({"id": 1, "title": "old", "updated": "2024-01-01", "deleted": True}, name="a.ndjson")
    assert one(source(path.parent), connection).title == "new"
    write(
        {"id": 1, "title": "newest", "updated": "2024-03-01", "deleted": True}, {"id": 2, "title": "x"}, name="d.ndjson"
    )
    assert list(read(source(path.parent), connection)) == ["2"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.json", ""), ("t.json", "[]"), ("t.csv", "id,title\n"), ("t.ndjson", "\n"), ("t.csv", "nr,title\n1,Login\n"),
        ("t.json", '[{"id": 1, "title": "x"}, {"id": 2, "ti'), ("t.ndjson", '{"id": 1, "title": "x"}\n{"id": 2, "ti'),
        ("t.txt", "1,Login"), ("t.csv", "id,title,body\n1,Login,x\n2,Ma"),
    ],
)  # fmt: skip
def test_an_export_that_is_empty_or_torn_is_not_taken_for_what_there_is(
    tmp_path: Path, connection: Connection, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match="desk"):
        list(source(tmp_path / name).entries(connection))


def test_a_missing_export_says_where_it_should_be(tmp_path: Path, connection: Connection) -> None:
    with pytest.raises(SourceError, match=r"gone.csv"):
        list(source(tmp_path / "gone.csv").entries(connection))
    with pytest.raises(SourceError, match=r"nowhere"):
        list(source(tmp_path / "nowhere" / "*.csv").entries(connection))


def test_an_export_that_is_replaced_while_it_is_read_fails_as_a_whole(write: Write, connection: Connection) -> None:
    path = write(*({"id": n, "title": f"Number {n}"} for n in range(9)))
    entries = list(source(path).entries(connection))
    write({"id": 1, "title": "Number 1"})
    with pytest.raises(SourceError, match="written anew"):
        entries[5].read()


def test_a_row_that_says_the_same_in_other_columns_contradicts_nothing(write: Write, connection: Connection) -> None:
    path = write(
        {"id": 1, "title": "x", "status": "open"}, {"status": "open", "updated": None, "title": "x", "id": "1"}
    )
    assert titles(read(source(path), connection)) == {"1": "x"}


def test_a_stamp_changes_with_what_is_told_and_with_nothing_else(write: Write, connection: Connection) -> None:
    def stamp(**said: Any) -> str:
        (entry,) = source(write({**TICKET, **said})).entries(connection)
        return entry.stamp

    first = stamp()
    assert stamp(views=17, last_seen="today") == first
    assert stamp(url="https://desk.example/x") != first
    assert stamp(status="open") != first
    assert stamp(comments=[{"body": "Try the button!"}]) != first


def test_the_fingerprint_changes_with_the_zone_and_the_columns_but_not_the_place(tmp_path: Path) -> None:
    first = source(tmp_path / "a.csv").fingerprint()
    assert source(tmp_path / "b.csv").fingerprint() == first
    assert source(tmp_path / "a.csv", zone="Asia/Tokyo").fingerprint() != first
    assert source(tmp_path / "a.csv", columns={"id": "Nr"}).fingerprint() != first
    assert source(tmp_path / "a.csv", internal=True).fingerprint() != first


def test_columns_are_declared_by_their_names(write: Write, connection: Connection) -> None:
    path = write("Nr.,Betreff,Verlauf,id", "T-1,Drucker,Leer,99", name="t.csv")
    told = one(source(path, columns={"id": "Nr.", "title": ["Titel", "Betreff"], "body": "Verlauf"}), connection)
    assert (told.key, told.title, "Leer" in told.text) == ("T-1", "Drucker", True)


def test_a_link_that_is_no_address_is_not_passed_on(write: Write, connection: Connection) -> None:
    path = write({**TICKET, "url": "javascript:alert(1)"})
    assert one(source(path), connection).link is None
    assert one(source(path, said={"link": "https://d.example/{key}"}), connection).link == "https://d.example/4711"
