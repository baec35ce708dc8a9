"""Features: declared once, computed four ways that agree. Read `declare` first."""
