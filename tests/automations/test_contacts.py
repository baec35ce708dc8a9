"""Who stands behind a role, and what a wrong file is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from automations.contacts import ContactsError, Directory, address_of, directory_from, load_directory
from automations.outbox import Route
from substrate.columns import Sensitivity

FILE = """
roles:
  ward-nurse:
    - {recipient: anna, sites: [W1]}
    - {recipient: ben, sites: [W2]}
  charge-nurse: [{recipient: anna}]
recipients:
  anna: {name: Anna Silva, channels: [{channel: smtp, address: a@example.org}, {channel: inbox}], clearance: phi}
  ben: {channels: [{channel: webhook, address: "env:BEN_URL"}], language: de}
fallback: charge-nurse
"""


def ids(directory: Directory, role: str, site: str | None = None) -> list[str]:
    return [one.id for one in directory.recipients(role, site)]


def test_a_role_is_who_answers_for_the_site() -> None:
    directory = directory_from(FILE, "contacts.yaml")
    assert ids(directory, "ward-nurse", "W1") == ["anna"]
    assert ids(directory, "charge-nurse", "W9") == ["anna"]


def test_where_the_site_is_not_known_everybody_of_the_role_is_told() -> None:
    assert ids(directory_from(FILE, "contacts.yaml"), "ward-nurse") == ["anna", "ben"]


@pytest.mark.parametrize(("role", "site"), [("surgeon", None), ("surgeon", "W1"), ("ward-nurse", "W3")])
def test_a_role_without_anybody_goes_to_the_fallback_and_says_so(role: str, site: str | None) -> None:
    (found,) = directory_from(FILE, "contacts.yaml").recipients(role, site)
    assert found.id == "anna"
    assert found.unresolved is not None
    assert role in found.unresolved


def test_without_a_fallback_the_admin_is_told_never_nobody() -> None:
    (found,) = directory_from("roles: {}", "contacts.yaml").recipients("surgeon", "W1")
    assert (found.id, [route.channel for route in found.routes]) == ("admin", ["file", "inbox"])


def test_a_recipient_can_be_named_directly() -> None:
    assert ids(directory_from(FILE, "contacts.yaml"), "ben", "W1") == ["ben"]


def test_what_the_file_says_of_a_person_arrives() -> None:
    anna, ben = directory_from(FILE, "contacts.yaml").recipients("ward-nurse", None)
    assert (anna.name, anna.routes[0]) == ("Anna Silva", Route("smtp", "a@example.org", Sensitivity.PHI))
    assert (ben.name, ben.language, ben.routes[0].clearance) == ("ben", "de", None)


def test_without_a_file_each_role_is_a_recipient_of_its_name(tmp_path: Path) -> None:
    directory = load_directory(tmp_path / "contacts.yaml")
    (found,) = directory.recipients("ward-nurse", "W1")
    assert (found.id, found.routes, found.unresolved) == ("ward-nurse", (Route("file"), Route("inbox")), None)
    assert directory.unresolved(["ward-nurse"]) == []


def test_unresolved_roles_can_be_listed() -> None:
    assert directory_from(FILE, "contacts.yaml").unresolved(["ward-nurse", "surgeon"]) == ["surgeon"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("role: {}", "c.yaml: role: no such key"),
        ("roles: {nurse: [{recipient: ana}]}\nrecipients: {anna: {channels: [{channel: inbox}]}}",
         "c.yaml: roles.nurse.0.recipient: 'ana' is not among `recipients`; did you mean 'anna'?"),
        ("roles: {nurse: []}", "c.yaml: roles.nurse: Tuple should have at least 1 item"),
        ("recipients: {anna: {}}", "c.yaml: recipients.anna.channels: is missing; add it"),
        ("recipients: {anna: {channels: [{channel: inbox}], clearance: top}}", "anna.clearance: write one of"),
        ("recipients: {anna: {channels: [{channel: smtp, address: a@b.c}, {channel: smtp, address: d@b.c}]}}",
         "anna.channels: smtp stands there twice; let the second address be a recipient of its own"),
        ("fallback: nobody", "c.yaml: fallback: 'nobody' is not among"),
        ("roles: [", "c.yaml: not YAML in line 1"),
        ("- 1", "c.yaml: contacts: Input should be a valid dictionary"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_where_and_what(text: str, said: str) -> None:
    with pytest.raises(ContactsError) as caught:
        directory_from(text, "c.yaml")
    assert said in caught.value.message
    assert caught.value.hint


def test_a_wrong_file_repeats_no_address() -> None:
    with pytest.raises(ContactsError) as caught:
        directory_from("recipients: {anna: {channels: [{channel: x, addres: https://secret}]}}", "c.yaml")
    assert "secret" not in str(caught.value)


def test_a_secret_address_is_looked_up_when_it_is_needed() -> None:
    route = Route("webhook", "env:BEN_URL")
    assert address_of(route, {"BEN_URL": "https://ben"}) == "https://ben"
    assert address_of(Route("smtp", "a@example.org"), {}) == "a@example.org"
    with pytest.raises(ContactsError, match="BEN_URL is not set"):
        address_of(route, {})
