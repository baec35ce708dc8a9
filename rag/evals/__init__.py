"""How well a copilot's index finds what it should: questions with known answers, measures, and runs that are kept.

Read in this order: `golden` (the questions), `places` (what counts as found), `measures` and `judging`, `sets` and
`runs` (what is kept), `trial` (how it comes about), `bootstrap`, `comparing` and `gate` (what differs, and what that
means for promotion). `proposing` and `questions` bring in what people asked; `covering` says who may see what was made
of it.
"""
