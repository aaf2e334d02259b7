"""What goes out over ZeroMQ, who may read it, and how it is read."""
