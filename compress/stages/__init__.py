"""The stages as the pipeline runs them: each reads what earlier ones left, does one thing, and writes a folder."""
