"""The workshop: teacher -> distil -> prune -> quantise -> export -> verify -> pack. Needs torch."""
