"""What turns texts into vectors.

Read `rag.embedder` first (the contract), then `minilm` (on this machine, with `weights` and `graph` for its network),
`hosted` (an API) and `chosen` (which one the settings ask for); `hashing` is for tests.
"""
