"""When: the order in which the rooms' functions run. Thin; no decision is taken here.

Read `steps`, then `cycle`, which the command line runs. Under Prefect: `timetable`, `ingest`, `daily`, `deployments`,
`trouble` for what happens when a run fails, and `zombies` and `mender` when it loses its process.
"""
