"""Everything that a check of rules looks at: the rules themselves, their templates, and the folders that hold those."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from sqlalchemy import Connection

from automations.rule_check import Problem, check_rule
from automations.rules import Rule
from automations.template_check import check_folder, check_templates
from substrate.catalog import Vertical
from substrate.facts import Facts


@dataclass(frozen=True)
class Review:
    """What rules are held against.

    Attributes:
        vertical: whose rules they are.
        folders: where templates lie, in the order in which they are looked for.
        at: micros, for samples of what is told.
        connection: where samples take real records from; None: all of them are made up.
    """

    vertical: Vertical
    folders: Sequence[Traversable]
    at: int
    connection: Connection | None = None

    def rules(self, specs: Iterable[Rule]) -> list[Problem]:
        """What is wrong with rules, and with the templates that they name."""
        facts, found = self._facts(), []
        for spec in specs:
            found += check_rule(spec, facts)
            found += check_templates(spec, facts, self.folders, self.at, self.connection)
        return found

    def templates(self, specs: Iterable[Rule]) -> list[Problem]:
        """What is wrong with the files that lie in the folders.

        Args:
            specs: all rules that may name them.
        """
        facts, listed = self._facts(), list(specs)
        return [problem for folder in self.folders for problem in check_folder(folder, listed, facts, self.at)]

    def _facts(self) -> Facts:
        return Facts(self.vertical.records, self.vertical.views)


def grave(problems: Iterable[Problem]) -> list[Problem]:
    """Those with which a rule cannot go as it is."""
    return [problem for problem in problems if problem.grave]
