"""The steps by which our own tables came to be; run by `substrate.migrate`, in the order of their numbers."""
