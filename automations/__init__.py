"""What must happen: rules are data, alerts are state, deliveries are rows.

Read in this order: `rules`, `conditions`, `alerts`, `lifecycle`, `reminders`, `missing`, `explain`, `outbox`,
`delivery`, `channels`.
"""
