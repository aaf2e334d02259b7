"""A point of the chain: a model, its rule, and what it costs; and the budget it is held against."""

from __future__ import annotations

from dataclasses import dataclass

from compress.judge.metrics import Rate
from edge.bundle.manifest import Decision


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits on what ships; None where there is none. Rates are 0..1 on validation.

    max_escape: defective parts that pass, of all defective ones. max_overkill: good parts that are rejected, of all
    good ones. max_drop: macro-F1 that pruning and int8 together may cost. latency_ms: per frame, on one thread of
    the machine that compresses.
    """

    max_escape: float | None = None
    max_overkill: float | None = None
    max_drop: float | None = None
    latency_ms: float | None = None

    @property
    def said(self) -> str:
        """The limits in words."""
        limits = (
            (self.max_escape, "escapes at most {:.2%}"),
            (self.max_overkill, "overkill at most {:.2%}"),
            (self.max_drop, "macro-F1 at most {:.3f} below the unpruned student"),
            (self.latency_ms, "at most {:g} ms a frame"),
        )
        return ", ".join(words.format(limit) for limit, words in limits if limit is not None)


@dataclass(frozen=True, slots=True)
class Point:
    """One model of the chain on validation, with the rule fitted there.

    precision: "float32" or "int8". shortfalls: what of the budget it misses, in words; empty where it keeps all.
    auroc: where no defect is known, of held-out good parts against made-up defects; escape is None then.
    """

    name: str
    precision: str
    ms: float
    macro_f1: float
    escape: Rate | None
    overkill: Rate | None
    rule: Decision
    shortfalls: tuple[str, ...] = ()
    auroc: float | None = None

    @property
    def quality(self) -> float:
        """What models are compared by."""
        return self.macro_f1 if self.auroc is None else self.auroc

    @property
    def measure(self) -> str:
        """What `quality` is."""
        return "macro-F1" if self.auroc is None else "AUROC of made-up defects"

    @property
    def said(self) -> str:
        """Its figures in words."""
        rates = [
            f"{word} {rate.count} of {rate.total} ({rate.interval.low:.1%} to {rate.interval.high:.1%})"
            for word, rate in (("escapes", self.escape), ("overkill", self.overkill))
            if rate is not None
        ]
        return ", ".join([f"{self.ms:.2f} ms", f"{self.measure} {self.quality:.3f}", *rates])
