"""How good a model is: answers, measures, thresholds, and the budget they are held against."""
