"""Teaches the device to understand questions about a part: a grammar of questions, a small linear model, its limits."""
