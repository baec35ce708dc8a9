"""What can be asked: documents, chunks and the index of the support copilots.

Read `document`, `copilot` and `told`, which say what there is; `splitting`, `ledger`, `plan`, `shares` and `sync`,
which bring the ledger in step; `index`, `projection` and `reconcile`, which follow it; `search`, `context` and
`answer`, which are asked; then `evals`, which say how well.
"""
