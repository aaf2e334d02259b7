"""The parts of the benchmarks of reports."""
