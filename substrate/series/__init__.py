"""Series: an aggregate a bucket of time and a group. Read `declare`, then `buckets`, `compute` and `read`."""
