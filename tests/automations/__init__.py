"""Tests of what must happen: rules, alerts, deliveries."""
