"""Repeat a bundle's evaluation on any pictures, with the shipped graph, on any engine: works without torch."""
