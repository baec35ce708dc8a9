"""How public data sets speak, as dialects of the logistics vertical; tests read them through these."""
