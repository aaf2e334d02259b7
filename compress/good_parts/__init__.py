"""Good parts alone: what they look like, and from when on a part is unlike them."""
