"""A running line changes its process as a whole, and changes it back."""

from __future__ import annotations

import gc
import sys

from edge.line.interpreter import SteadyInterpreter


def test_what_was_loaded_before_is_left_out_of_full_collections_until_the_end() -> None:
    """A full collection looks at what came since only; afterwards all is as it was."""
    loaded, interval_s = [object() for _ in range(3)], sys.getswitchinterval()
    frozen = gc.get_freeze_count()
    steady = SteadyInterpreter()
    steady.begin()
    try:
        made = [object()]
        looked_at = {id(one) for one in gc.get_objects()}
        assert id(made) in looked_at
        assert id(loaded) not in looked_at
        assert sys.getswitchinterval() < interval_s
    finally:
        steady.end()
    assert id(loaded) in {id(one) for one in gc.get_objects()}
    assert gc.get_freeze_count() == frozen
    assert sys.getswitchinterval() == interval_s
