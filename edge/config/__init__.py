"""The line file: the shapes of its sections, what must hold between them, and how it is read."""
