"""Engines run the bundle's graph. One small protocol, one file per engine."""
