"""A first mapping file from the schema of a database: what is sure stands in it, what is not stands as a question.

The file that comes out is one that can be read: a resource that would contradict the vertical is written as a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic_core import PydanticUndefined

from substrate.catalog import Vertical
from substrate.columns import Meaning
from substrate.expressions.types import Type
from substrate.mappings.guess import SURE, Guess, code_for, columns_of, tables_of
from substrate.mappings.mapping_file import MappingError, read_mapping
from substrate.operands import column_operands
from substrate.records import Record, mapped_columns, meanings, table_of
from substrate.seen_tables import SeenColumn, SeenTable

_CHANGED = ("write_date", "updated_at", "modified", "updated", "modified_at", "last_modified", "date_modified",
            "changed_at", "changed", "update_date", "datelastmodified", "lastmodified", "timemodified",
            "update_time")  # fmt: skip
_CREATED = ("create_date", "created_at", "created", "creation", "date_created", "created_on", "timecreated",
            "create_time")  # fmt: skip
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")
_RESERVED = frozenset({"true", "false", "null"})
_NEVER = "1970-01-01"


@dataclass(frozen=True, slots=True)
class Written:
    """A resource as it is written: its lines, and whether it may stand in the file as more than a comment."""

    lines: tuple[str, ...]
    sound: bool


def draft(name: str, vertical: Vertical, tables: Sequence[SeenTable]) -> str:
    """The text of a mapping file, which `read_mapping` accepts.

    Args:
        name: the mapping's name.
        vertical: whose records it is to make.
        tables: what the database looks like.

    Raises:
        MappingError: no table looks like any of the vertical's records.
    """
    chosen = tables_of(vertical, tables)
    kinds = {table.name.rpartition(".")[2]: kind for kind, table in chosen.items()}
    written = {
        table.name: _resource(vertical.kinds[kind], table, kinds)
        for kind, table in sorted(chosen.items(), key=lambda each: list(vertical.kinds).index(each[0]))
    }
    missing = [kind for kind in vertical.kinds if kind not in chosen]
    dropped = {each for each, resource in written.items() if not resource.sound}
    while len(dropped) < len(written):
        text = _file(name, vertical, written, dropped, missing)
        try:
            read_mapping(text, "the draft", vertical)
        except MappingError as error:
            at_fault = next((each for each in written if each not in dropped and _blames(error, each)), None)
            dropped.add(at_fault or next(each for each in written if each not in dropped))
        else:
            return text
    hint = "Write one by hand; docs/mapping.md has an example. Views with the vertical's own words help, too."
    raise MappingError(f"no table looks enough like {vertical.title}'s records", hint=hint)


def _blames(error: MappingError, resource: str) -> bool:
    return f"resources.{resource}." in error.message


def _file(
    name: str, vertical: Vertical, written: Mapping[str, Written], dropped: set[str], missing: Sequence[str]
) -> str:
    head = [
        f"# A first guess at how this database becomes records of {vertical.title}. Lines with `# ?` are questions:",
        "# answer them, take the rest out, and look what becomes of the rows with `plumbline sources check`.",
        f"mapping: {_scalar(name)}",
        f"vertical: {vertical.name}",
        "zone: UTC  # ? in which time zone does the database write times that name none",
        "resources:",
    ]
    for table, resource in written.items():
        comment = "  # not sure enough:" if table in dropped else None
        lines = [f"  # {line[2:] if line.startswith('  ') else line}" for line in resource.lines]
        head += ["", *([comment, *lines] if comment else resource.lines)]
    tail = [f"# ? no table was found for: {', '.join(missing)}"] if missing else []
    return "\n".join([*head, "", *tail]) + "\n"


def _resource(record: type[Record], table: SeenTable, kinds: Mapping[str, str]) -> Written:
    guesses = columns_of(record, table, kinds)
    changed = _changed(table)
    key = list(table.key) or _unique(table)
    lines = [f"  {_scalar(table.name)}:  # {table.size} rows", f"    record: {record.kind}"]
    lines += [f"    key: {_key(key)}"] if key else ["    # ? key: which column names a row"]
    lines += [f"    changed: {_scalar(changed[0])}"] if changed else []
    lines += [f"    sql: {{changed: [{', '.join(map(_scalar, changed))}]}}"] if changed[1:] else []
    if not changed:
        lines.append("    # ? no column tells when a row changed: the table is read whole each time")
    fields, open_fields = _fields(record, table, guesses)
    lines += ["    fields:", *fields]
    unused = _unused(table, guesses, [*key, *changed])
    lines += [f"    # columns that nothing reads yet: {', '.join(unused)}"] if unused else []
    return Written(tuple(lines), bool(key) and bool(fields) and not open_fields)


def _fields(record: type[Record], table: SeenTable, guesses: Mapping[str, Guess]) -> tuple[list[str], bool]:
    """The lines of the fields, and whether one that must have a value has none."""
    lines, is_open = [], False
    known, empty = meanings(record), []
    for name in mapped_columns(record):
        guess, needed = guesses.get(name), _is_needed(record, name)
        if guess is not None and (guess.sure >= SURE or (needed and not known[name].codes)):
            lines += _field(name, known[name], table.columns[guess.column])
        elif needed and _made(record, name, table):
            lines.append(f"      {name}: {_made(record, name, table)}  # ? {known[name].text}")
        elif guess is not None:
            lines.append(f"      # ? {name}: {_scalar(guess.column)}  # {known[name].text}")
            is_open |= needed
        elif needed:
            lines.append(f"      # ? {name}:  # it must have a value: {known[name].text}")
            is_open = True
        else:
            empty.append(name)
    lines += [f"    # fields that no column seems to fill: {', '.join(empty)}"] if empty else []
    return (lines, is_open) if any(not line.lstrip().startswith("#") for line in lines) else ([], True)


def _field(name: str, meaning: Meaning, column: SeenColumn) -> list[str]:
    if meaning.codes and column.codes:
        lines = [f"      {name}:", f"        from: {_scalar(column.name)}", "        codes:"]
        for code in column.codes:
            ours = code_for(code, meaning)
            asked = "" if ours else f"  # ? one of {', '.join(meaning.codes)}"
            lines.append(f"          {_quoted(code)}: {_scalar(ours) if ours else 'null'}{asked}")
        return lines
    asked = (
        '  # ? the day alone: `at: "23:59"` if all of it counts' if meaning.instant and column.form == "date" else ""
    )
    return [f"      {name}: {_scalar(column.name)}{asked}"]


def _is_needed(record: type[Record], name: str) -> bool:
    declared = record.model_fields[name].default
    return not table_of(record).c[name].nullable and declared in (None, PydanticUndefined)


def _made(record: type[Record], name: str, table: SeenTable) -> str | None:
    """What stands in for an instant that must be told: when the row was made or changed, else the beginning of time."""
    if column_operands(record)[name].type is not Type.TIMESTAMP:
        return None
    made = _named(table, _CREATED if not name.startswith("status") else (*_CHANGED, *_CREATED))
    return _scalar(made[0]) if made else f'{{value: "{_NEVER}"}}'


def _changed(table: SeenTable) -> list[str]:
    """The column that tells when a row changed; where it may be blank, with the one that tells when it was made."""
    stamps = _named(table, _CHANGED)[:1]
    if stamps and table.columns[stamps[0]].blank > 0:
        stamps += _named(table, _CREATED)[:1]
    return stamps


def _named(table: SeenTable, names: Iterable[str]) -> list[str]:
    known = {column.name.lower(): column for column in table.columns.values() if column.form == "instant"}
    blank = {column.name.lower(): column for column in table.columns.values() if column.form == "unknown"}
    return [(known | blank)[name].name for name in names if name in known or name in blank]


def _unique(table: SeenTable) -> list[str]:
    """A column that looks as if it named a row, where the database does not say which does."""
    names = {name.lower(): name for name in table.columns}
    own = table.name.rpartition(".")[2].lower().removesuffix("s")
    return [names[each] for each in ("id", f"{own}_id", f"{own}id", "uuid", "code", "number") if each in names][:1]


def _unused(table: SeenTable, guesses: Mapping[str, Guess], others: Iterable[str]) -> list[str]:
    used = {guess.column for guess in guesses.values()} | set(others)
    return [name for name in table.columns if name not in used]


def _key(columns: Sequence[str]) -> str:
    return _scalar(columns[0]) if len(columns) == 1 else '"' + "/".join(f"{{{name}}}" for name in columns) + '"'


def _scalar(text: str) -> str:
    return text if _PLAIN.match(text) and text not in _RESERVED else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
