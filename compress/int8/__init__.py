"""Eight bits and sixteen: calibrated, measured layer by layer, relaxed or trained until quality holds."""
