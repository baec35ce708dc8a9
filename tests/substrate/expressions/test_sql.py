"""The element in statements: bound parameters, WHERE, aliases, other expressions around it, and no blow-up."""

import sqlalchemy as sa

from substrate.expressions import check, to_sql
from tests.substrate.expressions.world import NOW, SCHEMA, TABLE, column

DIALECTS = tuple(sa.make_url(url).get_dialect()() for url in ("sqlite://", "postgresql+psycopg://"))
ATTACK = "x'; DROP TABLE nasty; --"


def test_every_value_of_the_text_is_bound() -> None:
    element = to_sql(check(f's == "{ATTACK}" && i > 424242 && at < now', SCHEMA), column, NOW)
    for dialect in DIALECTS:
        compiled = sa.select(element).compile(dialect=dialect)
        assert "DROP" not in str(compiled)
        assert "424242" not in str(compiled)
        assert {ATTACK, 424242, NOW} <= set(compiled.params.values())


def test_the_element_brings_its_table_and_works_around_and_within_others(sqlite_url: str) -> None:
    high = to_sql(check("i > 1", SCHEMA), column, NOW)
    total = to_sql(check("i + i", SCHEMA), column, NOW)
    statement = sa.select(sa.func.count()).where(high, ~high | (total > 3)).group_by(high).order_by(total.desc())
    assert statement.get_final_froms() == [TABLE]
    with sa.create_engine(sqlite_url, poolclass=sa.NullPool).connect() as connection:
        TABLE.create(connection, checkfirst=True)
        connection.execute(statement)
        connection.rollback()


def test_another_constant_is_another_parameter_of_the_same_cached_statement() -> None:
    one, other = (sa.select(to_sql(check(f"i > {limit}", SCHEMA), column, NOW)) for limit in (1, 2))
    different = sa.select(to_sql(check("i < 1", SCHEMA), column, NOW))
    keys = [statement._generate_cache_key() for statement in (one, other, different)]
    assert keys[0] is not None
    assert keys[0] == keys[1]
    assert keys[0] != keys[2]


def test_an_alias_and_a_labelled_column_can_stand_for_a_field() -> None:
    alias = TABLE.alias("other")
    element = to_sql(check("i > 1", SCHEMA), lambda _: alias.c.i.label("seen"), NOW)
    text = str(sa.select(element).compile(dialect=DIALECTS[0]))
    assert "other.i > ?" in text
    assert "AS seen" not in text


def test_nested_arithmetic_does_not_grow_without_bound() -> None:
    text = "d"
    for _ in range(9):
        text = f"round(({text}) * m.e + 1.0)"
    element = to_sql(check(f"{text} > 1.0", SCHEMA), column, NOW)
    for dialect in DIALECTS:
        assert len(str(sa.select(element).compile(dialect=dialect))) < 100_000
