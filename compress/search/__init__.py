"""Learning to find parts by sentences: queries drawn from facts, a text encoder, and a part encoder to meet it."""
