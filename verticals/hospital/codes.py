"""What the codes of a hospital's systems mean, in the words of staff; a code that is missing here is shown as it is."""

FLAGS = {
    "N": "normal", "L": "low", "H": "high", "LL": "critically low", "HH": "critically high", "A": "abnormal",
    "AA": "critically abnormal",
}  # fmt: skip
MEASURED = {
    "1104051000000101": "NEWS2 total score",
    "8480-6": "systolic pressure",
    "8462-4": "diastolic pressure",
    "8310-5": "body temperature",
    "8331-1": "temperature in the mouth",
    "8867-4": "heart rate",
    "9279-1": "breathing rate",
    "59408-5": "oxygen saturation",
    "2823-3": "potassium",
    "718-7": "hemoglobin",
}
CLASSES = {
    "AMB": "outpatient", "EMER": "emergency", "IMP": "inpatient", "ACUTE": "acute inpatient",
    "NONAC": "non-acute inpatient", "OBSENC": "observation", "HH": "at home", "VR": "by video or telephone",
}  # fmt: skip
REASONS = {"ROUTINE": "routine", "FOLLOWUP": "follow-up", "WALKIN": "walk-in", "CHECKUP": "check-up"}
CATEGORIES = {"lab": "laboratory", "laboratory": "laboratory", "vital-signs": "vital signs"}
DEPARTMENTS = {"LAB": "laboratory", "RAD": "radiology"}
STATES = {
    "in-progress": "in progress", "on-hold": "on hold", "entered-in-error": "entered in error", "onleave": "on leave",
    "not-done": "not done", "noshow": "missed", "checked-in": "checked in", "asap": "as soon as possible",
    "stat": "at once",
}  # fmt: skip
DOSES = {**STATES, "in-progress": "still to be given", "completed": "given", "not-done": "knowingly not given"}
DEAD = {"true": "the patient is dead", "false": "the patient is not dead"}
IN_USE = {"true": "the patient's record is in use", "false": "the patient's record is no longer in use"}
BILLED = {"true": "it is billed", "false": "it is not billed"}
ADMITTED_FROM = {
    "hosp-trans": "another hospital", "emd": "the emergency department", "outp": "the outpatient department",
    "born": "birth in the house", "gp": "a general practitioner", "mp": "a medical practitioner",
    "nursing": "a nursing home", "psych": "a psychiatric hospital", "rehab": "a rehabilitation hospital",
}  # fmt: skip
