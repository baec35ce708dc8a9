"""Whether anything that was planted comes out by any door to somebody who may not see it."""
