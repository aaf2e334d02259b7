"""The line-side dashboard: a process of its own that reads the feed and the history, and nothing else."""
