"""Whether the workshop's libraries are installed: asked before any of them is imported."""

from __future__ import annotations

import importlib.util

from compress.errors import TeacherError


def require_workshop() -> None:
    """Raises TeacherError with the command that installs what is missing."""
    missing = [name for name in ("torch", "transformers", "sklearn") if importlib.util.find_spec(name) is None]
    if missing:
        raise TeacherError(
            f"the workshop is not installed here ({', '.join(missing)} missing); "
            "run: pip install -c constraints.txt torch && pip install -c constraints.txt '.[workshop]'"
        )
