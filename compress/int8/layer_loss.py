"""What the layers of a graph cost in int8; data only, for the record, which a machine without torch reads too."""

from __future__ import annotations

import msgspec


class LayerLoss(msgspec.Struct, frozen=True):
    """One layer in int8, all others in float, against the float graph on validation pictures.

    layer: the name of its weights without the ending. difference: mean |difference| of probabilities. flips: pictures
    whose most probable class changed. map_difference: mean |difference| of the defect map.
    """

    layer: str
    difference: float
    flips: int
    map_difference: float


class Relaxed(msgspec.Struct, frozen=True):
    """One try: these layers in float, the rest in int8. float_ms was measured beside ms, in the same run."""

    float_layers: tuple[str, ...]
    difference: float
    flips: int
    map_difference: float
    ms: float
    float_ms: float
    holds: bool
