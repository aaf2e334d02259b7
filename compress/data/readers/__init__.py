"""Label formats. One file per format, found by looking at the folder."""
