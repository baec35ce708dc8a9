"""Sample logistics feeds: deterministic, with planted incidents and defects written down.

`generate(out, plan)` writes one file a kind into a folder, master data, orders, stock and sensors as CSV and the
scans of shipments as EPCIS 2.0 events, one a line (`ObjectEvent.ndjson`), and `planted.json` beside them: under
`incidents` each case that a rule must fire for at the feed's "now" (`expect: fires`) or must stay quiet about
(`quiet`), under `defects` each spoilt or repeated row with its file, its line (from 1), and what becomes of it
(`quarantined`, `unchanged`). Everything else in the feed fires nothing: the cases listed are all there are. Defects
are further rows, so the good rows are complete.

Read `plan`, `book`, `depot`, then `traffic` and `store`, which play the days; `shipment_cases` and `store_cases` plant
the incidents, `defects` spoils, `feed` writes.
"""

from verticals.logistics.sample.feed import generate
from verticals.logistics.sample.plan import SamplePlan, SampleReport

__all__ = ["SamplePlan", "SampleReport", "generate"]
