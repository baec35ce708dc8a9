"""The school: records from OneRoster and plain rows, features of students and classes, and the rules that watch over them."""
