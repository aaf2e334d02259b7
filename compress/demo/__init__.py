"""`edgevl demo`: the whole product on a simulated line, from nothing."""
