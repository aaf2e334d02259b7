"""A new defect class without training: from a sentence, from examples, or both."""
