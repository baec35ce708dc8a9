"""A template can say what it is given, and do nothing else."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from substrate.sandbox import OUTPUT_LIMIT, SOURCE_LIMIT, Sandbox, TemplateFault, produce

SANDBOX = Sandbox(autoescape=False)
GIVEN: dict[str, Any] = {"name": "Anna", "beds": 4, "rows": [{"label": "a"}, {"label": "b"}], "items": {"x": 1}}


def said(source: str) -> str:
    """What a template makes of the context above."""
    return produce(SANDBOX.compiled(source, "test"), GIVEN, "test")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ name|upper }}, {{ beds + 1 }}", "ANNA, 5"),
        ("{% for row in rows %}{{ loop.index }}{{ row.label }}{% if not loop.last %},{% endif %}{% endfor %}", "1a,2b"),
        ("{{ items.x }}{{ items['x'] }}{{ rows[1].label }}", "11b"),
        ("{{ gone|default('none') }}{% if gone is defined %}!{% endif %}", "none"),
        ("{{ rows|map(attribute='label')|join(' and ') }}", "a and b"),
    ],
)
def test_what_a_template_may_do(source: str, text: str) -> None:
    assert said(source) == text


@pytest.mark.parametrize(
    "source",
    [
        "{{ name.__class__ }}", "{{ name['__class__'] }}", "{{ name.upper }}", "{{ items.keys }}",
        "{{ name|attr('upper') }}", "{{ name.upper() }}",
        "{{ range(3) }}", "{{ lipsum() }}", "{{ cycler }}", "{{ self }}", "{{ loop }}",
        "{{ rows|map(attribute='__class__')|first }}", "{{ name|map('attr', 'upper')|list }}", "{{ name|safe }}",
        "{% include 'x' %}", "{% import 'x' as x %}", "{% extends 'x' %}", "{% macro m() %}{% endmacro %}",
        "{% set x = name %}", "{% block b %}{% endblock %}", "{% filter upper %}x{% endfilter %}",
        "{{ '%999999999d' % beds }}", "{{ name * 999999999 }}", "{{ [name] * 999999999 }}", "{{ 9 ** 999999999 }}",
        "{{ name ~ name }}", "{{ name + name }}", "{{ name|center(999999999) }}", "{{ '{0.__class__}'|format(name) }}",
        "{% for a in name recursive %}{{ loop(a) }}{% endfor %}", "{{ gone }}", "{{ gone.deeper }}", "{{ beds / 0 }}",
        "{% for a in name %}{% for b in name %}{% for c in name %}{% endfor %}{% endfor %}{% endfor %}",
        "{{ [" + "1," * 60 + "] }}", "x" * (SOURCE_LIMIT + 1), "{{ " + "(" * 2_000 + "1" + ")" * 2_000 + " }}",
        "{{ " + "not " * 3_000 + "1 }}", "{{ loop.__init__ }}", "{{ rows[name].label }}", "{{ 1 if",
    ],
)  # fmt: skip
def test_what_it_may_not(source: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        said(source)
    assert "Anna" not in str(caught.value)
    assert "test, line " in caught.value.message


@pytest.mark.parametrize(
    "source",
    [
        "{{ text" + "|join(text)" * 6 + " }}",
        "{{ [text]|map('join', text)|join }}",
        "{% for a in text %}{% for b in text %}{% endfor %}{% endfor %}",
        "{% for a in text|list %}{% endfor %}",
        "{{ text|truncate(5, true, text) }}",
    ],
)
def test_what_would_take_all_memory_or_time_ends_at_once(source: str) -> None:
    with pytest.raises(TemplateFault):
        produce(SANDBOX.compiled(source, "t"), {"text": "abc" * 100}, "t")


def test_the_output_is_bounded() -> None:
    long = {"text": "x" * OUTPUT_LIMIT}
    assert len(produce(SANDBOX.compiled("{{ text }}", "t"), long, "t")) == OUTPUT_LIMIT
    with pytest.raises(TemplateFault, match="longer than"):
        produce(SANDBOX.compiled("{{ text }}!", "t"), long, "t")


def test_a_fault_names_its_line() -> None:
    with pytest.raises(TemplateFault, match="test, line 3: there is no 'nme' here"):
        said("Hello\n\n{{ items.nme }}")


def test_an_error_of_a_filter_does_not_quote_the_value() -> None:
    with pytest.raises(TemplateFault, match=r"test, line 2: a filter or sum does not fit its value \(TypeError\)"):
        said("\n{{ name|abs }}")


@given(st.text(alphabet="{}%|()[].,'\"~*+- \nabcdefnormitx_0189", max_size=60))
@example("{{ [1,2][0] }}")
def test_whatever_is_written_a_template_works_or_says_where_not(source: str) -> None:
    faults = SANDBOX.faults(source)
    assert all(fault.startswith("line ") for fault in faults)
    if not faults:
        with suppress(TemplateFault):
            assert isinstance(said(source), str)
