"""Who is at the school: staff, forms, classes, students with their guardians; and the days of its calendar."""

from __future__ import annotations

from substrate.clock import DAY, HOUR
from verticals.school.sample.school import TERM_AHEAD, Pupil, School
from verticals.school.sample.sheets import date, stamp

FORM_SIZE = 25
SUBJECTS = ("Mathematics", "English", "Science")
GRADES = ("7", "8", "9", "10", "11")
_GIVEN = (
    "Ada", "Ben", "Chloe", "Dario", "Elif", "Finn", "Grace", "Hana", "Ivan", "Jonas", "Kim", "Lena", "Mei", "Noah",
    "Olga", "Pablo", "Quentin", "Rosa", "Sam", "Tariq", "Uma", "Vera", "Wen", "Yusuf", "Zoe",
)  # fmt: skip
_FAMILY = (
    "Abara", "Brandt", "Castillo", "Dubois", "Eriksen", "Fofana", "Gupta", "Haddad", "Ito", "Jansen", "Kaya", "Lind",
    "Moreau", "Novak", "Okafor", "Petrov", "Quispe", "Rossi", "Sato", "Tanaka", "Ueda", "Varga", "Weber", "Yilmaz",
    "Zhang",
)  # fmt: skip
SIBLINGS = 0.15


def found(school: School, students: int) -> None:
    """The house itself: organizations, term, calendar, year groups, courses, staff, forms and classes."""
    write, at = school.write, stamp(school.first - 30 * DAY)
    if school.number == 0:
        write("orgs", "district", "active", at, "Sample district", "district", "D1", None)
    write("orgs", school.id, "active", at, f"School {school.number + 1}", "school", school.id.upper(), "district")
    write("orgs", f"{school.id}-annex", "active", at, f"Annex {school.number + 1}", "school", None, school.id)
    write("academicSessions", school.term, "active", at, f"Term of school {school.number + 1}", "term",
          date(school.first), date(school.term_end), None, date(school.term_end)[:4])  # fmt: skip
    _calendar(school)
    for grade in GRADES:
        write("year_groups", school.id, grade, f"Year {grade}", f"head-{school.id}-{grade}")
        _staff(school, f"head-{school.id}-{grade}", "teacher")
    for subject in SUBJECTS:
        write("courses", course_of(school, subject), "active", at, None, subject, subject[:3].upper(), None, school.id,
              subject, None)  # fmt: skip
    for form in range(forms_of(students)):
        _form(school, form)


def forms_of(students: int) -> int:
    """How many forms so many students make."""
    return -(-students // FORM_SIZE)


def form_id(school: School, form: int) -> str:
    """The class that is a form."""
    return f"{school.id}-f{form}"


def class_id(school: School, form: int, subject: str) -> str:
    """The class in which a form has a subject."""
    return f"{school.id}-f{form}-{subject[:3].lower()}"


def course_of(school: School, subject: str) -> str:
    """The course of a subject."""
    return f"{school.id}-{subject[:3].lower()}"


def tutor_of(school: School, form: int) -> str:
    """The form tutor."""
    return f"{school.id}-t{form}"


def teacher_of(school: School, subject: str) -> str:
    """Who teaches a subject, and takes the registers."""
    return f"{school.id}-{subject[:3].lower()}-teacher"


def grade_of(form: int) -> str:
    """The grade of a form."""
    return GRADES[form % len(GRADES)]


def enrol(school: School, pupil: Pupil) -> None:
    """Write a student, the guardian, and where they belong."""
    given, family = pupil.name
    at, grade = stamp(school.first - 20 * DAY), grade_of(pupil.form)
    birth = date(school.today - (4_400 + 365 * int(grade) - 365 * 7 + school.dice.randrange(360)) * DAY)
    school.write("users", pupil.id, "active", at, "true", school.id, "student", pupil.id, None, given, family, None,
                 f"N{pupil.id}", f"{pupil.id}@school.example", None, None, pupil.guardian, grade, None, birth,
                 form_id(school, pupil.form), tutor_of(school, pupil.form), stamp(pupil.left_at), None)  # fmt: skip
    school.write("registrations", pupil.id, school.term, school.id, f"{school.id}/{grade}", date(school.first),
                 stamp(pupil.left_at), school.planned)  # fmt: skip
    for place in (form_id(school, pupil.form), *(class_id(school, pupil.form, subject) for subject in SUBJECTS)):
        school.write("enrollments", f"{pupil.id}-{place}", "active", at, place, school.id, pupil.id, "student", None,
                     date(school.first), stamp(pupil.left_at))  # fmt: skip


def guardian_of(school: School, family: str, *, may_contact: bool = True) -> str:
    """A new guardian."""
    key, given = school.new_id("gua"), school.dice.choice(_GIVEN)
    at, phone = stamp(school.first - 20 * DAY), f"+15550{school.dice.randrange(10**5):05}"
    school.write("users", key, "active", at, "true", school.id, "guardian", key, None, given, family, None, None,
                 f"{key}@home.example", phone, None, None, None, None, None, None, None, None,
                 "true" if may_contact else "false")  # fmt: skip
    return key


def name(school: School) -> tuple[str, str]:
    """A given and a family name."""
    return school.dice.choice(_GIVEN), school.dice.choice(_FAMILY)


def _staff(school: School, key: str, role: str) -> None:
    given, family = name(school)
    school.write("users", key, "active", stamp(school.first - 30 * DAY), "true", school.id, role, key, None, given,
                 family, None, None, f"{key}@school.example", None, None, None, None, None, None, None, None, None,
                 None)  # fmt: skip


def _calendar(school: School) -> None:
    for day in range(school.first, school.today + TERM_AHEAD * DAY, DAY):
        opens = school.opens(day)
        form = "school_day" if opens else "holiday"
        school.write("calendar_days", school.id, date(day), school.term, "true" if opens else "false", form, None)
    school.write("calendar_days", f"{school.id}-annex", date(school.today), None, "false", "holiday", "Founders' day")


def _form(school: School, form: int) -> None:
    at, grade = stamp(school.first - 30 * DAY), grade_of(form)
    _staff(school, tutor_of(school, form), "teacher")
    school.write("classes", form_id(school, form), "active", at, f"Form {grade}-{form}", grade, None, None, "homeroom",
                 f"R{form}", school.id, school.term, None, None, None, tutor_of(school, form))  # fmt: skip
    for subject in SUBJECTS:
        if form == 0:
            _staff(school, teacher_of(school, subject), "teacher")
        school.write("classes", class_id(school, form, subject), "active", at, f"{subject} {grade}-{form}", grade,
                     course_of(school, subject), None, "scheduled", f"R{form}", school.id, school.term, None, None,
                     None, teacher_of(school, subject))  # fmt: skip


MORNING = 8 * HOUR + 50 * 60 * 10**6
"""When a form's register of the day is taken, after midnight."""
