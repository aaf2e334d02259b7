"""Frame sources. Knows cameras, files and streams; knows nothing of inspection."""
