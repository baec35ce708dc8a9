"""Tests of the logistics vertical."""
