"""The hospital vertical."""
