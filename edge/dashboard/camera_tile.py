"""One camera on the page: the picture with its boxes, the verdict in huge letters, the camera's state."""

from __future__ import annotations

from nicegui import ui

from edge.dashboard.api import live_address
from edge.dashboard.live import CameraView, parsed_time
from edge.dashboard.moment import Moment
from edge.dashboard.picture import PictureElement, unboxed, whole
from edge.dashboard.styling import set_class, show_if, show_status
from edge.dashboard.texts.languages import TEXTS, Language
from edge.dashboard.words import DASH, clock, ledger_text, percent, why

LIVE_PIXELS = 1280


class CameraTile:
    """Shows one camera; `update` changes only what is different."""

    def __init__(self, name: str, language: Language) -> None:
        texts = TEXTS[language]
        with ui.element("section").classes("camera") as self._tile:
            self._tile.props["data-camera"] = name
            with ui.element("div").classes("camera-top"):
                ui.label(name).classes("camera-name")
                self._age = ui.label().classes("camera-age")
                self._fps = ui.label().classes("camera-fps")
                self._state = ui.label().classes("camera-state")
            self._ledger = ui.label().classes("camera-ledger")
            with ui.element("div").classes("screen"):
                self._picture = PictureElement()
                with ui.element("div").classes("notice") as self._notice:
                    self._notice_title = ui.label(texts.waiting_for_picture).classes("notice-title")
                    self._notice_text = ui.label()
            with ui.element("div").classes("verdict").props('role="status"') as self._band:
                ui.element("i").classes("mark")
                self._word = ui.label(DASH).classes("word")
                with ui.element("div").classes("because"):
                    self._class = ui.label(texts.waiting_for_part).classes("class")
                    self._probability = ui.label().classes("probability")

    def update(self, camera: CameraView, moment: Moment) -> None:
        self._show_state(camera, moment)
        self._show_picture(camera, moment)
        self._show_verdict(camera, moment)

    def _show_state(self, camera: CameraView, moment: Moment) -> None:
        report, texts = camera.report, moment.texts
        self._state.set_text(texts.camera_state[report.state] if report else texts.camera_unreported)
        self._fps.set_text(
            texts.frames_per_second.format(fps=f"{report.fps:.1f}") if report and report.state == "up" else ""
        )
        self._ledger.set_text(ledger_text(report, texts) if report else "")
        wanted = f"state-{report.state}" if report else "state-opening"
        if wanted not in self._tile.classes:
            self._tile.classes(add=wanted, remove=" ".join({f"state-{s}" for s in texts.camera_state} - {wanted}))

    def _show_picture(self, camera: CameraView, moment: Moment) -> None:
        picture, verdict = camera.picture, camera.picture_verdict
        if picture is not None:
            src = live_address(picture)
            self._picture.show(whole(src, verdict, LIVE_PIXELS) if verdict else unboxed(src, picture, LIVE_PIXELS))
        self._age.set_text(_age(camera, moment))
        self._show_notice(camera, moment)

    def _show_notice(self, camera: CameraView, moment: Moment) -> None:
        """Over the picture: that the camera is not running and why, or that no picture has come."""
        report, texts = camera.report, moment.texts
        is_off = report is not None and report.state != "up"
        show_if(self._notice, is_off or camera.picture is None)
        self._notice_title.set_text(
            texts.camera_state[report.state] if report and is_off else texts.waiting_for_picture
        )
        self._notice_text.set_text(report.detail if report and is_off else "")

    def _show_verdict(self, camera: CameraView, moment: Moment) -> None:
        verdict, texts = camera.current, moment.texts
        if verdict is None:
            show_status(self._band, None)
            return
        word, title = texts.status[verdict.status], moment.title_of(verdict)
        # Where every part is NG by assumption, the class is the news: it gets the huge letters, and no alarm colour.
        is_class = verdict.status == "NG" and title is not None and not moment.has_good_class
        show_status(self._band, None if is_class else verdict.status)
        set_class(self._band, "is-class", is_class)
        beside = why(verdict, title, texts)
        self._word.set_text(beside if is_class else word)
        self._class.set_text(word if is_class else beside)
        self._probability.set_text(percent(verdict.probability) if title is not None else "")


def _age(camera: CameraView, moment: Moment) -> str:
    """When the picture was taken, where the verdict beside it is of a later part; else nothing."""
    if camera.picture is None or camera.current is None:
        return ""
    taken = parsed_time(camera.picture.captured)
    is_older = taken < parsed_time(camera.current.captured)
    return moment.texts.picture_of.format(time=clock(taken)) if is_older else ""


class CameraGrid:
    """All cameras of the line, arranged by how many there are."""

    def __init__(self, language: Language) -> None:
        self._language: Language = language
        self._tiles: dict[str, CameraTile] = {}
        with ui.element("main").classes("cameras") as self._grid:
            ui.label(TEXTS[language].waiting_for_line).classes("waiting")

    def update(self, moment: Moment) -> None:
        names = [camera.name for camera in moment.line.cameras]
        if names and names != list(self._tiles):
            self._rebuild(names)
        for camera in moment.line.cameras:
            self._tiles[camera.name].update(camera, moment)

    def _rebuild(self, names: list[str]) -> None:
        """Cameras come and go only when the service starts again with another line file."""
        self._grid.clear()
        with self._grid:
            self._tiles = {name: CameraTile(name, self._language) for name in names}
        self._grid.props["data-count"] = len(names)
