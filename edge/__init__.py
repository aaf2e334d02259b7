"""The device: from frames to verdicts, reports and the feed. Never imports torch."""
