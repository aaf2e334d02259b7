"""Is a folder fit to learn from: near-duplicates, counts, damage; the terminal and the page that tell."""
