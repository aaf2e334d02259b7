"""Students: what they are, how they learn from a teacher, grow narrower and leave as a graph."""
