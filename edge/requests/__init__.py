"""What a line can be asked over its request socket, and who answers."""
