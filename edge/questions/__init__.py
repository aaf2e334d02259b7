"""Questions about a part: understood by a small reader, answered from the facts of its verdict and nothing else."""
