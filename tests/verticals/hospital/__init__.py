"""Tests of the hospital vertical."""
