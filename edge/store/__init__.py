"""What the line said, on disk: written once, durable before it is published, and read again."""
