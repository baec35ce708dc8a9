"""Mapping files: how the tables of an unknown ERP become records, written in YAML by somebody who knows the ERP.

Read in this order: `spec` (what a file may say) with `strict_yaml`; `texts`, `numbers`, `times` and `readings` (one raw
value); `columns`, `templates`, `conditions`, `fields` and `rows` (one row); `mapping_file` (the whole); `survey` (what
becomes of data).
"""
