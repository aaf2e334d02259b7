"""`python -m edge.reports FD PARENT`, started by `edge.reports.process` and by nothing else."""

from __future__ import annotations

import sys

from edge.reports.child import main
from edge.reports.write import Desk

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Desk)
