"""Changes to how an element looks that cost nothing where it already looks so."""

from __future__ import annotations

from nicegui import ui

from edge.verdict import Status

# The classes of style.css that give an element the colour and the shape of a status.
STATUS_CLASS: dict[Status | None, str] = {"OK": "is-ok", "NG": "is-ng", "UNDECIDED": "is-undecided", None: "is-none"}


def show_status(element: ui.element, status: Status | None) -> None:
    """Give an element a status's colour and shape, and take any other away."""
    wanted = STATUS_CLASS[status]
    if wanted not in element.classes:
        element.classes(add=wanted, remove=" ".join(set(STATUS_CLASS.values()) - {wanted}))


def set_class(element: ui.element, name: str, wanted: bool) -> None:
    """Add or take away one CSS class; nothing is sent to the browser where it already is as wanted."""
    if (name in element.classes) != wanted:
        element.classes(toggle=name)


def show_if(element: ui.element, condition: bool) -> None:
    """Show or hide an element without touching one that already is as wanted."""
    if element.visible != condition:
        element.set_visibility(condition)
