"""`plumbline sources`: what is read, how far, and whether it can be read at all."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from console.answers import JSON, app
from console.exits import ATTENTION
from console.terminal import age_text, print_json, print_table, screen
from console.workspace import Workspace, workspace
from substrate import freshness
from substrate.audit import AuditEvent, record_event
from substrate.cursors import cursor_ages, drop_cursor
from substrate.errors import ConfigurationError, ConflictError, NotFoundError
from substrate.mappings.choice import is_path, mapping_file, text_of
from substrate.mappings.draft import draft
from substrate.mappings.mapping_file import MappingFile, read_spec
from substrate.mappings.spec import MappingSpec
from substrate.mappings.survey import Survey
from substrate.probe import Probe, probe
from substrate.sources.configured import SourceEntry, environment, folder_entry, load_sources, sql_entry
from substrate.sources.sql.options import address
from substrate.sources.sql.schema import look_at

commands = app("The sources that sources.yaml lists: see how far each is read, try whether it can be read.")


@commands.command("list")
def list_sources(as_json: JSON = False) -> None:
    """List the configured sources and any others that were ever read, and how long ago each was.

    Example: plumbline sources list
    """
    with workspace() as ws:
        entries = load_sources(ws.settings.resolved_sources_file)
        with ws.database.read() as connection:
            ages = cursor_ages(connection, ws.clock.now())
    listed = {entry.name for entry in entries}
    facts = [_facts(entry, ages) for entry in entries]
    facts += [_unlisted(name, age) for name, age in sorted(ages.items()) if name not in listed]
    if as_json:
        print_json(facts)
        return
    cells = [
        (each["name"], each["vertical"] or "", each["kind"] or "", each["place"], age_text(each["age"]))
        for each in facts
    ]
    empty = f"No sources. List them in {ws.settings.resolved_sources_file}, or use `plumbline run VERTICAL --from DIR`."
    print_table("Sources", ("name", "vertical", "kind", "place", "last read"), cells, empty=empty, spare=("kind",))


@commands.command()
def check(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A source of sources.yaml, or a mapping file.")],
    folder: Annotated[
        Path | None, typer.Option("--from", help="With a mapping file: try it on the files of this folder.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="With a mapping file: try it on this database; `env:NAME` keeps the address out.")
    ] = None,
    rows: Annotated[
        int, typer.Option(min=1, help="How many rows to try; with a mapping file, of each resource.")
    ] = 200,
    as_json: JSON = False,
) -> None:
    """Read some rows and say what would become of each, without writing anything. Exit code 1 if some are refused.

    With a mapping file it also tells which columns nothing reads, which fields stay empty, and which codes are not
    listed.

    Example: plumbline sources check epr --rows 500
    """
    with workspace() as ws:
        if is_path(name) and folder is None and url is None:
            _show_mapping(_mapping(ws, name), as_json=as_json)
            return
        entry = _tried(ws, name, folder, url)
        result = probe(entry, ws.verticals, ws.clock.now(), rows=rows)
    if as_json:
        print_json(result.facts())
    else:
        _show(result)
    if result.refused:
        raise typer.Exit(ATTENTION)


@commands.command("draft")
def draft_mapping(
    url: Annotated[str, typer.Option(help="The database's address; `env:NAME` takes it from the environment.")],
    vertical: Annotated[str, typer.Option(help="Whose records its tables hold: hospital, school, logistics …")],
    out: Annotated[Path | None, typer.Option(help="Write the file here, instead of showing it.")] = None,
    schema: Annotated[str | None, typer.Option(help="The database's schema, where it is not the usual one.")] = None,
    as_json: JSON = False,
) -> None:
    """Look at a database and write a first mapping file: what is sure, and questions where somebody must tell.

    The database is only read. Names of columns and tables, and codes, are shown; no other values are.

    Example: plumbline sources draft --url sqlite:///erp.db --vertical logistics --out erp.yaml
    """
    if out is not None and out.exists():
        raise ConflictError(f"{out} is already there", hint="Name another file, or move that one away.")
    with workspace() as ws:
        options = address(environment(url))
        text = draft(out.stem if out else vertical, ws.vertical(vertical), look_at(vertical, options, schema))
    questions = text.count("# ?")
    if out is not None:
        out.write_text(text, "utf-8")
    if as_json:
        print_json({"file": str(out) if out else None, "questions": questions, "mapping": text})
    elif out is None:
        typer.echo(text, nl=False)
    else:
        screen.print(
            f"{out} is written, with {questions} questions in it. Try it: plumbline sources check {out} --url …"
        )


@commands.command()
def retire(
    name: Annotated[str, typer.Argument(help="A source that is no longer read, as `plumbline sources list` shows it.")],
    as_json: JSON = False,
) -> None:
    """End a source: its records stay, but the data's age no longer waits for it, and rules are not held still by it.

    Example: plumbline sources retire old-lab
    """
    with workspace() as ws:
        if any(entry.name == name for entry in load_sources(ws.settings.resolved_sources_file)):
            hint = f"Take it out of {ws.settings.resolved_sources_file} first, else the next run reads it again."
            raise ConflictError(f"the source {name!r} is still listed", hint=hint)
        with ws.database.write() as connection:
            known = drop_cursor(connection, name), freshness.retire(connection, name)
            if not any(known):
                raise NotFoundError(f"no source {name!r} was ever read", hint="`plumbline sources list` shows all.")
            record_event(connection, AuditEvent(ws.clock.now(), ws.actor, "retire", "source", name))
    if as_json:
        print_json({"retired": name})
    else:
        screen.print(f"{name} is retired. Its records stay; should it come back, it is read from its start.")


def _entry(ws: Workspace, name: str) -> SourceEntry:
    path = ws.settings.resolved_sources_file
    entries = {entry.name: entry for entry in load_sources(path)}
    if name not in entries:
        hint = f"{path} lists: {', '.join(entries) or 'none'}."
        raise NotFoundError(f"there is no source {name!r}", hint=hint)
    return entries[name]


def _tried(ws: Workspace, name: str, folder: Path | None, url: str | None) -> SourceEntry:
    if folder is None and url is None:
        return _entry(ws, name)
    if not is_path(name):
        hint = f"Write `plumbline sources check {name}` alone."
        raise ConfigurationError("--from and --url try a mapping file", hint=hint)
    if folder is None:
        return sql_entry(_spec(name).vertical, environment(url or ""), mapping=name)
    return folder_entry(_spec(name).vertical, folder, mapping=name)


def _spec(file: str) -> MappingSpec:
    return read_spec(text_of(Path(file), file), file)


def _mapping(ws: Workspace, file: str) -> MappingFile:
    return mapping_file(ws.vertical(_spec(file).vertical), file)


def _show_mapping(mapping: MappingFile, *, as_json: bool) -> None:
    told = {
        name: [record.kind for record in (table.mapper.record, *table.mapper.also)]
        for name, table in mapping.tables.items()
    }
    if as_json:
        print_json({"mapping": mapping.name, "resources": told})
        return
    cells = [(name, ", ".join(kinds)) for name, kinds in told.items()]
    print_table(f"Mapping {mapping.name}", ("resource", "records"), cells, empty="It names no resources.")
    screen.print("The file is sound. Add --from FOLDER or --url ADDRESS to try it on data.")


def _facts(entry: SourceEntry, ages: dict[str, int]) -> dict[str, Any]:
    kind = " + ".join(filter(None, (entry.polled, "push" if entry.push else "")))
    age = ages.get(entry.name)
    return {"name": entry.name, "vertical": entry.vertical, "kind": kind, "place": entry.place, "age": age}


def _unlisted(name: str, age: int) -> dict[str, Any]:
    """A source that was read once, from a folder named on the command line or a file that listed it then."""
    return {"name": name, "vertical": None, "kind": None, "place": "not listed", "age": age}


def _show(result: Probe) -> None:
    cells = [(each.where, each.resource, each.reason, each.detail) for each in islice(result.refusals, 50)]
    print_table(
        "Would be refused", ("where", "resource", "reason", "what is wrong"), cells, empty="Nothing is refused."
    )
    screen.print(f"{result.tried} rows tried, {result.tried - result.refused} sound, {result.refused} refused.")
    if result.survey is not None:
        _show_survey(result.survey)
    for place, why in result.ignored:
        screen.print(f"[dim]left alone: {place} ({why})[/]")


def _show_survey(survey: Survey) -> None:
    for resource, count in survey.left_out.items():
        screen.print(f"{resource}: {count} rows are none of ours, or say that a record is gone.", markup=False)
    for resource, columns in survey.unused.items():
        screen.print(f"{resource}: nothing reads the columns {', '.join(columns)}.", markup=False)
    for resource, fields in survey.unfilled.items():
        screen.print(f"{resource}: no row gives a value to {', '.join(fields)}.", markup=False)
    if survey.codes:
        cells = [(*code, str(count)) for code, count in survey.codes.most_common()]
        print_table("Codes that are not listed", ("resource", "column", "code", "#rows"), cells, empty="")
