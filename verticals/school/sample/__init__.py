"""Sample school feeds in OneRoster's CSV files and our plain ones: deterministic, with incidents and defects planted.

`generate(out, plan)` writes one CSV file a sheet into a folder, and `planted.json` beside them: under `incidents` each
case that a rule must fire for at the feed's "now" (`expect: fires`) or must stay quiet about (`quiet`), with the kind
and the key of the record; under `defects` each spoilt or repeated row with its file, its line (the header is line 1),
and what becomes of it (`quarantined`, `accepted`, `unchanged`). Everything else in the feed fires nothing: the cases
listed are all there are. Defects are further rows, so the good rows are complete.

OneRoster has no attendance, so registers, leave notes, fees and incidents come in plain files. What OneRoster has no
column for is in `metadata.` columns of users and classes: homeroom, tutor, leftAt, birthDate, mayContact, teacher.

Read `plan`, `sheets`, `school`, then `people`, `stories`, `days`, `work`, `affairs`; `judge` says what rules must say,
`defects` spoils, `feed` writes, `schools` puts it in order.
"""

from verticals.school.sample.plan import SamplePlan, SampleReport
from verticals.school.sample.schools import generate

__all__ = ["SamplePlan", "SampleReport", "generate"]
