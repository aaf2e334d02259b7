"""What a picture shows: preprocess, decision, boxes, tiles, and why. No threads, no clock."""
