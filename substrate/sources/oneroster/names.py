"""What OneRoster calls its files and columns, and what exporters make of these names."""

from __future__ import annotations

import re
from collections.abc import Iterable

DELETED = frozenset({"tobedeleted"})
"""The `status` of an object that is gone. `inactive` (1.0) only says that it is not in use."""

FILES = (
    "academicSessions", "orgs", "courses", "classes", "users", "roles", "enrollments", "demographics",
    "categories", "lineItems", "results", "classResources", "courseResources", "resources", "userProfiles",
    "userResources", "scoreScales", "lineItemLearningObjectiveIds", "lineItemScoreScales",
    "resultLearningObjectiveIds", "resultScoreScales", "relationships", "userFlags", "manifest",
)  # fmt: skip
"""The files of OneRoster 1.1 and 1.2, and those that School Data Sync adds."""

COLUMNS = (
    "sourcedId", "status", "dateLastModified", "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear",
    "name", "identifier", "schoolYearSourcedId", "courseCode", "grades", "orgSourcedId", "subjects", "subjectCodes",
    "courseSourcedId", "classCode", "classType", "location", "schoolSourcedId", "termSourcedIds", "periods",
    "classSourcedId", "userSourcedId", "role", "primary", "beginDate", "enabledUser", "orgSourcedIds", "username",
    "userIds", "givenName", "familyName", "middleName", "email", "sms", "phone", "agentSourcedIds", "password",
    "userMasterIdentifier", "resourceSourcedIds", "preferredGivenName", "preferredMiddleName", "preferredFamilyName",
    "primaryOrgSourcedId", "pronouns", "roleType", "userProfileSourcedId", "birthDate", "sex", "weight", "description",
    "assignDate", "dueDate", "categorySourcedId", "gradingPeriodSourcedId", "academicSessionSourcedId",
    "resultValueMin", "resultValueMax", "scoreScaleSourcedId", "lineItemSourcedId", "studentSourcedId", "scoreStatus",
    "score", "textScore", "scoreDate", "comment", "inProgress", "incomplete", "late", "missing", "propertyName",
    "value", "relationshipUserSourcedId", "relationshipRole", "sessionSourcedIds", "sessionSourcedId", "code",
    "subject", "grade", "isPrimary", "roleStartDate", "roleEndDate", "flag", "activeDirectoryMatchId",
)  # fmt: skip
"""The columns that matter here, as the standard spells them."""

_VARIANTS = {"datlastmodified": "dateLastModified", "lastmodified": "dateLastModified", "sourceid": "sourcedId"}


def _folded(name: str) -> str:
    return re.sub(r"[\s_\-]+", "", name).lower()


_BY_COLUMN = {_folded(name): name for name in COLUMNS} | _VARIANTS
_BY_FILE = {_folded(name): name for name in FILES}


def column(name: str) -> str:
    """A header cell as the standard spells it: `sourcedid`, `SOURCED_ID` and `sourcedId_cl` are all `sourcedId`."""
    folded = _folded(name.strip().lstrip("\ufeff"))
    return _BY_COLUMN.get(folded) or _BY_COLUMN.get(folded.removesuffix("cl")) or name


def columns(names: Iterable[str]) -> tuple[str, ...]:
    """A header as the standard spells it; where two cells would bear one name, the later keeps its own."""
    told: list[str] = []
    for name in names:
        found = column(name)
        told.append(name if found in told else found)
    return tuple(told)


def file(stem: str) -> str:
    """A file's name without its suffix, as the standard spells it; another name stays as it is."""
    return _BY_FILE.get(_folded(stem), stem)
