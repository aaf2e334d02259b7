"""Teachers: opened safely, asked for features, opinions and sentences."""
