"""The ways an alert reaches people: one module a channel."""
