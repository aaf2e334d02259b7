"""Fine-tuning a teacher on the user's own images and sentences (`edgevl train`)."""
