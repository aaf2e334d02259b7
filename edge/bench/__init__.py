"""How fast the line is beside its bare engine, with pictures from memory."""
