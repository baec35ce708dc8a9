"""How well a copilot's index finds what it should: questions with known answers, measures, and runs that are kept.

Read in this order: `golden` (the questions), `places` (what counts as found), `measures`, `bootstrap`.
"""
