"""Messages read well, say nothing they may not, and go out even where a template of one's own fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automations.channel_state import Disabled
from automations.channels.channel import Rendered
from automations.lifecycle import Cause, Send
from automations.masking import HIDDEN, masked
from automations.steward import channel_trouble
from automations.templating import ENDINGS, REASONS, Templates, one_line, why_now, with_unit
from substrate.clock import HOUR, MINUTE
from substrate.columns import Sensitivity
from substrate.sandbox import TemplateFault
from tests.automations.sample_alert import NAME, NOW, PROTECTED, context
from tests.automations.world import T0, Bay, World, minutes

EXPECTED = """\
HIGH: Critical result that nobody acknowledged

About:   Potassium of Anna Silva, North wing
Why now: It is new.
Since:   Sat 1 Jun 2019 15:53 (12 min before this message)
Risk:    Harm to the patient

What was found
- Value 6.9 mmol/L is above 6.0
- Age of released at 42 min is at least 30 min

Values
- Value: 6.9 mmol/L (data 1 min old)
- Released at: Sat 1 Jun 2019 15:23 (data 1 min old)
- Patients on the ward: 20 (data 1 min old)

What to do
- Read the whole reason: plumbline alerts explain 00001f41
- Say that you see to it: plumbline alerts ack 00001f41

Sent by the rule "critical-result-unacknowledged", version 3, which medical-director looks after.\
"""


def render(
    clearance: Sensitivity = Sensitivity.PHI, *, folder: Path | None = None, reason: str = "fired", **said: Any
) -> Rendered:
    """The message of the sample alert, with some of its context said otherwise."""
    templates = Templates([folder] if folder else [], zone="Europe/Berlin")
    return templates.render(
        context(**said), clearance, reason=reason, recipient="anna", address=None, severity="high", created_at=NOW
    )


def test_the_general_message_says_all_that_a_nurse_needs() -> None:
    message = render()
    assert message.subject == f"HIGH: Critical result that nobody acknowledged – {NAME} (North wing)"
    assert message.text == EXPECTED


@pytest.mark.parametrize("clearance", [Sensitivity.PUBLIC, Sensitivity.INTERNAL, Sensitivity.PII])
def test_no_part_of_it_says_more_than_the_channel_may(clearance: Sensitivity) -> None:
    told = str(render(clearance))
    assert [words for words in PROTECTED if words in told] == []


def test_what_the_engine_announces_can_be_told(world: World) -> None:
    world.put(Bay, "b1", name="Bay 1", beds=4, occupied=6)
    world.rule()
    world.run(minutes(0))
    told = world.told[0].context
    assert [key for key, value in masked(told, Sensitivity.INTERNAL).items() if value == HIDDEN] == []
    message = Templates().render(
        told, Sensitivity.INTERNAL, reason="fired", recipient="anna", address=None, severity="high", created_at=T0
    )
    assert message.subject == "HIGH: Bay is full – Bay 1"
    assert f"- {told['because'][0]['text']}" in message.text


def test_what_is_left_out_is_counted() -> None:
    assert "3 details may not be sent through this channel" in render(Sensitivity.INTERNAL).text
    assert "About:   a result, North wing" in render(Sensitivity.INTERNAL).text


def test_html_says_the_same_and_escapes_it() -> None:
    html = render(title="<b>bold</b>").html or ""
    assert "<h1" in html
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "<b>" not in html


def test_a_resolution_asks_nothing_of_anybody() -> None:
    text = render(reason="resolved", resolved_at=NOW, resolve_reason="cleared").text
    assert text.startswith("RESOLVED: ")
    assert "Why now: It is over: what raised it is no longer so." in text
    assert "Until:   Sat 1 Jun 2019 16:05" in text
    assert "ack" not in text.partition("What was found")[2].partition("Sent by")[0].replace("acknowledged", "")


def test_a_reminder_names_the_date_and_its_lateness() -> None:
    reminder = {"instant": NOW + HOUR, "due": NOW, "late": 5 * MINUTE}
    assert "Date:    Sat 1 Jun 2019 17:05; this reminder comes 5 min late" in render(reminder=reminder).text
    assert f"Date:    {HIDDEN}; this reminder comes 5 min late" in render(Sensitivity.INTERNAL, reminder=reminder).text


def test_what_is_missing_is_named() -> None:
    missing = {"kind": "result", "since": NOW - HOUR, "due": NOW}
    assert "Missing: result, due Sat 1 Jun 2019 16:05" in render(missing=missing).text
    assert f"Missing: result, due {HIDDEN}" in render(Sensitivity.INTERNAL, missing=missing).text


def test_an_alert_whose_entity_is_gone_can_be_told() -> None:
    said: dict[str, Any] = {"subject": {"kind": "order", "id": 5}, "values": [], "because": [], "site": None}
    assert render(reason="resolved", **said).subject == "Resolved: Critical result that nobody acknowledged – an order"


def test_who_stands_in_and_what_may_come_twice_are_told() -> None:
    text = render(unresolved="nobody is found for the role 'x'", maybe_duplicate=True).text
    assert "You are told because nobody is found for the role 'x'." in text
    assert "You may have received this message before." in text


def test_every_reason_and_ending_has_words() -> None:
    assert [send for send in Send if send not in REASONS] == []
    assert [cause for cause in Cause if cause not in ENDINGS] == []
    assert why_now("something_else") == "Something else"


def test_a_vertical_says_it_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "potassium.text.jinja").write_text("{{ subject.name }}: {{ values[0].said }}, {{ fired_at|age }} ago")
    message = render(folder=tmp_path, template="potassium")
    assert message.text.startswith(f"{NAME}: 6.9 mmol/L, 12 min ago\n\nWhat to do\n")
    assert message.html is None
    assert message.subject.startswith("HIGH: ")


def test_no_template_leaves_out_how_a_message_ends(tmp_path: Path) -> None:
    (tmp_path / "own.text.jinja").write_text("a")
    (tmp_path / "own.html.jinja").write_text("<body>a</body>")
    message = render(Sensitivity.INTERNAL, folder=tmp_path, template="own", maybe_duplicate=True, unresolved="x <y>")
    for said in ("3 details may not be sent", "plumbline alerts ack 00001f41", "You may have received", "by the rule"):
        assert said in message.text
        assert said in (message.html or "")
    assert "because x &lt;y&gt;." in (message.html or "")
    assert (message.html or "").endswith("</p>\n</body>")


def test_a_trouble_without_an_alert_names_no_alert() -> None:
    found = channel_trouble("live", Disabled("smtp", "", NOW, "535"))
    text = Templates().render(
        found.context, Sensitivity.PHI, reason="fired", recipient="admin", address=None, severity="high",
        created_at=NOW, template=found.template,
    ).text  # fmt: skip
    assert text.endswith("Since:   Sat 1 Jun 2019 14:05")


def test_a_value_is_had_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "own.text.jinja").write_text("{{ fact.value }}|{{ fact['released_at'] }}|{{ fact.nope }}|")
    assert render(folder=tmp_path, template="own").text.startswith("6.9 mmol/L|Sat 1 Jun 2019 15:23||")
    assert render(Sensitivity.INTERNAL, folder=tmp_path, template="own").text.startswith("|||")


def test_a_rule_may_name_a_title_alone(tmp_path: Path) -> None:
    (tmp_path / "short.subject.jinja").write_text("Result\n of {{ subject.name }}\n")
    message = render(folder=tmp_path, title_template="short")
    assert (message.subject, message.text) == (f"Result of {NAME}", EXPECTED)


def test_a_sentence_names_times_as_they_stand_on_the_wall_of_the_house() -> None:
    sentence = {
        "text": "released 2019-06-01 13:23 UTC is before it",
        "sensitivity": "PHI",
        "times": [NOW - 42 * MINUTE],
    }
    assert "Released Sat 1 Jun 15:23 is before it" in render(because=[sentence]).text


@pytest.mark.parametrize("source", ["{{ gone }}", "{% if", "{{ title.x }}", None])
def test_a_template_that_fails_stops_no_message(tmp_path: Path, source: str | None) -> None:
    if source is not None:
        (tmp_path / "own.text.jinja").write_text(source)
    message = render(folder=tmp_path, template="own")
    assert message.text == EXPECTED
    assert "own" in message.body["template_fault"]


def test_a_name_never_leads_out_of_the_folders(tmp_path: Path) -> None:
    (tmp_path / "secret.text.jinja").write_text("secret")
    (tmp_path / "inner").mkdir()
    assert render(folder=tmp_path / "inner", template="../secret").text == EXPECTED


def test_a_context_that_is_no_announcement_is_a_fault() -> None:
    with pytest.raises(TemplateFault, match=r"message\.subject, line 1: 'title' is undefined"):
        Templates().render(
            {}, Sensitivity.PHI, reason="fired", recipient="a", address=None, severity="low", created_at=0
        )


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(6.8, "mmol/L", "6.8 mmol/L"), (38.4, "Cel", "38.4 °C"), (97, "%", "97%"), (80, "{beats}/min", "80 /min"),
     (True, None, "yes"), (5, "{score}", "5"), (120, "mm[Hg]", "120 mmHg"), (HIDDEN, "mmHg", HIDDEN)],
)  # fmt: skip
def test_units_read_as_staff_write_them(value: Any, unit: str | None, text: str) -> None:
    assert with_unit(value, unit) == text


def test_a_subject_is_one_line_of_bounded_length() -> None:
    assert one_line("a\r\nBcc: b\x00\u2028c") == "a Bcc: b c"
    assert len(one_line("x" * 999)) == 200
