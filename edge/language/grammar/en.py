"""English, as short as a note on a traveller card."""

from __future__ import annotations

from edge.language.grammar.language import CENTRE, LEFT, LOWER, RIGHT, UPPER, Language

_CLAIMS = """
ok ng good bad pass passes passed fail fails failed accept accepted reject rejected undecided verdict perfect fine
defective defectless flawless faultless undamaged no not none never without nothing free clean safe slight moderate
severe minor major critical serious ignore instruction instructions system
"""
_JOINTS = "and but while with without which where near around along across at in on over under beside between"
_NUMERALS = "one two three four five six seven eight nine ten several many few single"

ENGLISH = Language(
    code="en",
    gap=" ",
    is_spaced=True,
    status={"OK": "OK", "NG": "NG", "UNDECIDED": "UNDECIDED"},
    reason={
        "low_confidence": "the model is not sure",
        "engine_failed": "the inference engine failed",
        "bad_output": "the model's output was invalid",
        "camera_down": "the camera was down",
        "deadline": "no answer by the deadline",
        "blurred": "the picture is blurred",
        "underexposed": "the picture is too dark",
        "overexposed": "the picture is too bright",
        "lens_covered": "the lens is covered",
        "frozen": "the camera repeats one picture",
        "cut_off": "the part is not wholly in the picture",
    },
    place={
        "upper_left": "at the upper left",
        "upper": "at the top",
        "upper_right": "at the upper right",
        "left": "on the left",
        "centre": "in the centre",
        "right": "on the right",
        "lower_left": "at the lower left",
        "lower": "at the bottom",
        "lower_right": "at the lower right",
        "most": "over most of the area",
    },
    near_edge=" (touching the edge)",
    orientation={"horizontal": "horizontally", "vertical": "vertically"},
    severity={"slight": "slight", "moderate": "moderate", "severe": "severe"},
    action={
        "accept": "let the part pass",
        "reject": "take the part out",
        "hold": "hold the part for a second look",
        "accept_recheck": "let the part pass, but have its like checked by a person",
        "reject_recheck": "take the part out and have a person check it again",
        "reject_find_cause": "take the part out and look for the cause in the process",
    },
    one="1 place",
    many="{} places",
    list_gap="; ",
    size="{} × {} {}",
    sentences={
        "status": (
            "{status}[: {class}][, {reason}][, marked in {count}].",
            "Verdict {status}[: {class}][, {reason}][, in {count}].",
            "The part is {status}[: {class}][ ({reason})][, found in {count}].",
        ),
        "place": (
            "Place: {place}, about {size}, {percent} % of the inspected area[, running {orientation}].",
            "It lies {place} and measures about {size} ({percent} % of the area)[, running {orientation}].",
            "Found {place}: {size}, {percent} % of the area inspected[, lying {orientation}].",
        ),
        "largest": (
            "Largest place: {place}, about {size}, {percent} % of the inspected area[, running {orientation}].",
            "The largest lies {place} and measures about {size} ({percent} % of the area)[, running {orientation}].",
            "Main finding {place}: {size}, {percent} % of the area inspected[, lying {orientation}].",
        ),
        "others": ("Also {others}.", "Further places: {others}.", "More of it {others}."),
        "severity": ("Severity: {severity}.", "By its area it is {severity}.", "The damage is {severity}."),
        "doubt": (
            "The model is not sure of this ({confidence} %).",
            "Take this with care: the model gives it only {confidence} %.",
            "Low confidence, {confidence} %.",
        ),
        "action": ("To do: {action}.", "Please {action}.", "Next step: {action}."),
    },
    places_named={
        "left": LEFT,
        "right": RIGHT,
        "upper": UPPER,
        "top": UPPER,
        "lower": LOWER,
        "bottom": LOWER,
        "centre": CENTRE,
        "center": CENTRE,
        "middle": CENTRE,
    },
    claims=frozenset(_CLAIMS.split()),
    numerals=frozenset(_NUMERALS.split()),
    joints=frozenset(_JOINTS.split()),
)
