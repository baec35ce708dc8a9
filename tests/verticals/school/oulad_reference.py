"""Who should have been told of missing work, worked out from the raw files alone, in days, without any of our rules.

Nothing is imported from the product. `t` is a day of a presentation, looked at at noon.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

Pair = tuple[str, str]


class Reference:
    """The raw tables, and what follows from them on a day."""

    def __init__(self, folder: Path) -> None:
        self.assessments = {row["id_assessment"]: row for row in _rows(folder, "assessment")}
        self.by_run: dict[Pair, list[dict[str, str]]] = defaultdict(list)
        for row in self.assessments.values():
            self.by_run[row["code_module"], row["code_presentation"]].append(row)
        self.registrations = _rows(folder, "student_registration")
        self.answers = {(row["id_student"], row["id_assessment"]): row for row in _rows(folder, "student_assessment")}

    def day(self, presentation: str, when: date) -> int:
        """Which day of a presentation a date is."""
        return (when - date(int(presentation[:4]), 2 if presentation[4] == "B" else 10, 1)).days

    def unanswered(self, when: date, first: int, last: int) -> set[Pair]:
        """Students and assessments due between `first` and `last` days ago, asked of the student and not answered."""
        found = set()
        for row in self.registrations:
            for assessment in self.by_run[row["code_module"], row["code_presentation"]]:
                if assessment["date"] and self._open(row, assessment, when, first, last):
                    found.add((row["id_student"], assessment["id_assessment"]))
        return found

    def _open(self, row: dict[str, str], assessment: dict[str, str], when: date, first: int, last: int) -> bool:
        today, due = self.day(row["code_presentation"], when), int(assessment["date"])
        ended = row["date_unregistration"]
        if not first <= today - due <= last or (ended and int(ended) <= due):
            return False
        answer = self.answers.get((row["id_student"], assessment["id_assessment"]))
        # At noon what was handed in at noon of the day is there.
        return answer is None or (answer["is_banked"] != "true" and int(answer["date_submitted"]) > today)

    def gone(self, when: date) -> set[str]:
        """Students all of whose registrations have ended."""
        still: Counter[str] = Counter()
        for row in self.registrations:
            ended = row["date_unregistration"]
            over = ended and int(ended) <= self.day(row["code_presentation"], when)
            still[row["id_student"]] += 0 if over else 1
        return {student for student, open_ in still.items() if not open_}

    def late(self, when: date, days: int) -> Counter[str]:
        """How many pieces of work due in the last days each student has handed in late by now."""
        counted: Counter[str] = Counter()
        for (student, key), row in self.answers.items():
            assessment = self.assessments[key]
            if not assessment["date"] or row["is_banked"] == "true":
                continue
            today, due = self.day(assessment["code_presentation"], when), int(assessment["date"])
            if 1 <= today - due <= days and due < int(row["date_submitted"]) <= today:
                counted[student] += 1
        return counted

    def low(self, when: date, days: int, below: float) -> set[str]:
        """Students whose mean score of what they handed in within the last days lies below a mark."""
        scores = defaultdict(list)
        for (student, key), row in self.answers.items():
            ago = self.day(self.assessments[key]["code_presentation"], when) - int(row["date_submitted"])
            if row["score"] and 0 <= ago < days:
                scores[student].append(float(row["score"]))
        return {student for student, seen in scores.items() if sum(seen) / len(seen) < below}


def _rows(folder: Path, table: str) -> list[dict[str, str]]:
    with gzip.open(folder / f"{table}.csv.gz", "rt", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))
