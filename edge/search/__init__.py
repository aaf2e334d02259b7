"""Looking for parts in the history: by a sentence, by a picture, or by a part that looks alike."""
