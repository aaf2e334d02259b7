"""What came of adding a class, and what was checked of it: the sentences a person reads afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from edge.bundle.load import Bundle

_HARDLY = 0.75  # of pairs told apart by words; half is chance


@dataclass(frozen=True, slots=True)
class Checked:
    """What the new bundle says: of golden frames, which are known parts, and of the examples."""

    golden_taken: int
    golden: int
    examples_named: int


@dataclass(frozen=True, slots=True)
class Fitted:
    """taken: of `held_out` pictures of known classes. remembered: whether those are the bundle's own memory.

    recognised: of the examples, each by the others; None for fewer than two.
    by_words: whether a sentence was learnt from. told: see `compress.new_class.sentence.Place`.
    """

    bundle: Bundle
    taken: int
    held_out: int
    remembered: bool
    recognised: int | None
    examples: int
    by_words: bool
    told: float | None
    checked: Checked

    def said(self) -> tuple[str, ...]:
        """What was written, what it costs, and what was not checked."""
        checked = self.checked
        lines = [
            f"bundle {self.bundle.manifest.bundle_id} is in {self.bundle.path}; it gives the golden answers, and takes "
            f"{checked.golden_taken} of {checked.golden} golden frames for the new class",
            f"of {self.held_out:,} held-out parts of known classes it takes {self.taken:,}"
            + (" (as the bundle remembers them; no picture was looked at)" if self.remembered else ""),
            self._of_examples(),
        ]
        if self.by_words and self.told is not None:
            lines.append(f"words alone tell {self.told:.0%} of known parts apart, two classes at a time; 50% is chance")
            if self.told < _HARDLY:
                lines.append("so whatever is unlike the known classes is taken for the new one: better give --examples")
        lines.append(f"Not checked: {self._unchecked()}; see what it does with `edgevl verify` on labelled pictures.")
        return tuple(lines)

    def _of_examples(self) -> str:
        if self.examples == 0:
            return "it was given no picture of the new class"
        if self.recognised is None:
            named = "names the one example" if self.checked.examples_named else "does not name the one example"
            return f"it {named}, which it learnt from; whether it would know another like it cannot be said"
        named = f"of {self.examples:,} examples it names {self.checked.examples_named:,}"
        return f"{named}; {self.recognised:,} where each is judged by the others alone"

    def _unchecked(self) -> str:
        if self.examples == 0:
            return "whether parts of the new class are recognised at all"
        return "pictures of the new class other than the examples"
