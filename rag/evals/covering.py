"""Who may see what was made of several things at once: only those who may see every one of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import Column, Integer, Row, String, Text

from substrate.access import Label
from substrate.columns import Sensitivity

_NOBODY = frozenset({"(no single role)"})


def covering(labels: Iterable[Label]) -> Label:
    """The label of a whole: a caller who may see it may see each part.

    The whole is as sensitive as its most sensitive part. It is of a site only where every part is of that one; what is
    about people of several sites is for those who may see all. Roles are those that every part lets in.
    """
    every = list(labels)
    sensitivity = max((label.sensitivity for label in every), default=Sensitivity.PUBLIC)
    sites = {label.site for label in every}
    named = [label.roles for label in every if label.roles]
    roles = frozenset.intersection(*named) or _NOBODY if named else frozenset[str]()
    return Label(sensitivity, sites.pop() if len(sites) == 1 else None, roles)


def label_columns() -> tuple[Column[Any], ...]:
    """The columns in which a table keeps its rows' label."""
    return (
        Column("sensitivity", Integer, nullable=False),
        Column("site", String(200)),
        Column("roles", Text, nullable=False),
    )


def label_values(label: Label) -> dict[str, int | str | None]:
    """A label as a row keeps it."""
    roles = orjson.dumps(sorted(label.roles)).decode()
    return {"sensitivity": int(label.sensitivity), "site": label.site, "roles": roles}


def label_of(row: Row[Any]) -> Label:
    """A label as a row kept it."""
    return Label(Sensitivity(row.sensitivity), row.site, frozenset(orjson.loads(row.roles)))
