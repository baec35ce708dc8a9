"""What the codes of a school's systems mean, in the words of staff; a code that is missing here is shown as it is."""

ORGANIZATIONS = {
    "school": "school", "district": "district", "department": "department", "local": "local authority",
    "state": "state", "national": "national authority",
}  # fmt: skip
TERMS = {
    "term": "term", "semester": "semester", "schoolYear": "school year", "gradingPeriod": "grading period",
}  # fmt: skip
DAYS = {
    "school_day": "school day", "holiday": "holiday", "closure": "closed for the day",
    "off_timetable": "off the timetable", "weekend": "weekend", "exam_day": "examination day",
}  # fmt: skip
OPEN = {"true": "the school is open", "false": "the school is closed"}
CLASSES = {"scheduled": "lessons", "homeroom": "form"}
STAFF = {
    "teacher": "teacher", "aide": "teaching assistant", "administrator": "administrator", "proctor": "invigilator",
    "counselor": "counsellor", "principal": "head", "siteAdministrator": "site administrator",
    "districtAdministrator": "district administrator", "systemAdministrator": "system administrator",
}  # fmt: skip
IN_USE = {"true": "in use", "false": "no longer in use"}
WORKS = {"true": "they work here", "false": "they no longer work here"}
ENROLLED = {"true": "the student's record is in use", "false": "the student's record is no longer in use"}
MAY_CONTACT = {"true": "messages are wanted", "false": "no messages are wanted"}
ROLES = {**STAFF, "student": "student"}
SESSIONS = {"scheduled": "planned", "held": "held", "cancelled": "cancelled", "moved": "moved"}
MARKS = {
    "present": "present", "absent": "absent without leave", "late": "came late", "excused": "absent with leave",
}  # fmt: skip
WHOLE_DAY = {"true": "the register of the day", "false": "the register of one lesson"}
WORK = {
    "assigned": "set", "submitted": "handed in", "graded": "marked", "returned": "given back", "missing": "missing",
    "exempt": "not asked for", "banked": "carried over from an earlier course",
}  # fmt: skip
EXEMPT = {"true": "the student need not do it", "false": "the student has to do it"}
CONDUCT = {"negative": "misconduct", "positive": "commendation"}
INVOICES = {
    "issued": "issued", "paid": "paid", "cancelled": "cancelled", "draft": "draft", "waived": "waived",
    "refunded": "refunded",
}  # fmt: skip
LOANS = {"on_loan": "on loan", "returned": "given back", "lost": "lost"}
