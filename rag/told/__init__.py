"""Records told as text: a vertical's templates make documents of patients, terms and shipments.

Read `telling` (a template on paper), `paths` (which columns it speaks of), `story` (the two together, checked),
`values` and `rows` (what it is given), `statements` and `fetching` (the database), then `source`.
"""
