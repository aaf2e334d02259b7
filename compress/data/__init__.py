"""Pictures and labels as people have them: read, split, and shown as the device would see them."""
