"""The fact grammar: how each language says the facts of a verdict. One file a language, named in `languages`."""
