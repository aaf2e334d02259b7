"""What systemd, Prometheus and the journal are told."""
