"""The page: builds every part for one browser and keeps it up to date."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from nicegui import ui

from edge.dashboard.camera_tile import CameraGrid
from edge.dashboard.gallery import Gallery
from edge.dashboard.header import SEARCH, Header
from edge.dashboard.live import LiveLine
from edge.dashboard.marking import MarkVerdict
from edge.dashboard.moment import Moment
from edge.dashboard.past import REJECTS_SHOWN, Past, utc_now
from edge.dashboard.questions import Ask
from edge.dashboard.search_panel import SearchPanel
from edge.dashboard.statistics import Statistics
from edge.dashboard.styling import set_class, show_if
from edge.dashboard.texts.languages import TEXTS, Language
from edge.dashboard.words import store_text
from edge.search.finder import Finder
from edge.store.wanted import Wanted

# Five pictures a second look alive, and cost little.
TICK_S = 0.2


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a page gets what it shows."""

    line: str
    feed: str
    live: LiveLine
    past: Callable[[], Past]
    finder: Finder
    ask: Ask
    mark: MarkVerdict


def build_page(sources: Sources, language: Language) -> None:
    """Lay out the page in the current NiceGUI client; it updates itself until the browser leaves."""
    ui.page_title(TEXTS[language].page_title.format(line=sources.line))
    ui.add_head_html(_gone_script(TEXTS[language].dashboard_gone))
    with ui.element("div").classes("dashboard") as body:
        body.props["lang"] = language
        header = Header(sources.line, sources.feed, language)
        trouble = ui.label().classes("banner minor")
        cameras = CameraGrid(language)
        statistics = Statistics(language)
        gallery = Gallery(language, sources.ask, sources.mark)
    with ui.element("div").classes("below") as below:
        below.props["lang"], below.props["id"] = language, SEARCH
        found = partial(sources.finder.find, wanted=Wanted(), most=REJECTS_SHOWN)
        search = SearchPanel(language, found, sources.ask, sources.mark)

    def update() -> None:
        moment = Moment(language, sources.live.view(), sources.past())
        header.update(moment, utc_now())
        set_class(body, "stale", moment.line.is_silent)
        troubles = _troubles(moment)
        trouble.set_text(" · ".join(troubles))
        show_if(trouble, bool(troubles))
        cameras.update(moment)
        statistics.update(moment)
        gallery.update(moment)
        search.update(moment)

    update()
    ui.timer(TICK_S, update)


def _troubles(moment: Moment) -> list[str]:
    """What is wrong while inspection goes on."""
    error, line = moment.past.error, moment.report
    unreadable = [moment.texts.history_unreadable.format(error=error)] if error else []
    return unreadable + ([store_text(line, moment.texts)] if line is not None and line.store != "ok" else [])


def _gone_script(sentence: str) -> str:
    """Gives NiceGUI's lost-connection banner our words: the page stays on the wall, and must not pass for current."""
    return f"""<script>
    addEventListener("DOMContentLoaded", () => {{
      document.getElementById("popup").replaceChildren(
        Object.assign(document.createElement("span"), {{ textContent: {json.dumps(sentence)} }})
      );
    }});
    </script>"""
