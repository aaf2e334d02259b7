"""The teacher itself as the student: a copy of its image side, made smaller."""
