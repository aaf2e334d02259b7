"""A part in words: the facts of its verdict, the sentences that say them, and what a small decoder adds."""
