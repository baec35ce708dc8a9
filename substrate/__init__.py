"""What is known: records, their history, features, and how old each of them is.

Read in this order: `settings`, `clock`, `errors`, `database`, `columns`, `records`, `schema`, `history`,
`sources`, `quality`, `ingest`, `expressions`, `facts`, `features`, `freshness`, `audit`, `catalog`.
"""
