"""What must happen: rules are data, alerts are state, deliveries are rows.

Read in this order: `rules`, `rule_files`, `rulebook`, `conditions` (what a rule says); `lifecycle`, `alerts`,
`episodes` (what an alert is); `findings`, `evaluation`, `reminders`, `engine`, `live`, `watch` (how one comes about);
`evidence` (with `leading`), `explained`, `explain`, `page` (with `wall`, `looked_at`, `whereabouts`), `actions` (what
people see and do); `announcing`, `announcer`, `outbox`, `delivery`, `channels`
(who is told).
"""
