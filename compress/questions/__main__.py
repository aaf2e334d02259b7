"""`python -m compress.questions` teaches the reader of questions anew, and writes it where edgevl has it.

Run it after a change of the grammar or of the words; the same sources give the same reader. Takes two or three minutes.
"""

from __future__ import annotations

from rich.console import Console

from compress.questions.grammar import fingerprint
from compress.questions.teach import teach_questions
from edge.questions.interview import MODEL
from edge.questions.reader import save_model

_SEED = 0


def main() -> None:
    """Teach, write, and say what it is worth on wordings that were left out."""
    console = Console()
    with console.status("teaching the reader of questions"):
        fitted = teach_questions(_SEED)
    save_model(MODEL, fitted.model, fingerprint())
    console.print(
        f"{MODEL}: learned from {fitted.learned_from:,} questions; of wordings left out {fitted.understood:.1%} of"
        f" those that can be answered were understood, and {fitted.refused:.1%} of the others refused"
    )


if __name__ == "__main__":
    main()
