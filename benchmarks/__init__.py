"""What Plumbline does at full size, beside its peers, in one run on one machine; never a timed test.

Read `result`, then `ingest` with `loads`, `features`, `series`, `alerts` and `expressions`; `__main__` runs them in
order.
`killing` measures nothing: it kills runs and compares how they end.
"""
