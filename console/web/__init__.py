"""What listens on HTTP. Read `app` first, then `door` (pushed events), `letterbox` and `probes`."""
