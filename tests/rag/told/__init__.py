"""Records told as text."""
