"""Tests of the school vertical."""
