"""Rejects per minute over the last hour, stacked by class."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from edge.dashboard.class_groups import groups
from edge.dashboard.moment import Moment
from edge.dashboard.pareto import group_title, known_classes
from edge.dashboard.past import Past
from edge.dashboard.texts.languages import TEXTS, Language

GRID_COLOUR = "#1f2b38"
TEXT_COLOUR = "#9fb0c2"
# A canvas does not inherit the page's font.
FONT = '"Noto Sans TC", "Noto Sans CJK TC", "PingFang TC", "Microsoft JhengHei UI", sans-serif'


class MinuteChart:
    """A bar chart that is redrawn when the history has something new."""

    def __init__(self, language: Language) -> None:
        texts = TEXTS[language]
        self._shown: tuple[Any, ...] | None = None
        with ui.element("section").classes("panel minutes"):
            self._title = ui.label(texts.chart_title).classes("panel-title")
            self._chart = ui.echart(_empty())

    def update(self, moment: Moment) -> None:
        texts = moment.texts
        self._title.set_text(texts.chart_title if moment.has_good_class else texts.chart_title_classes)
        wanted = (moment.past.minutes, known_classes(moment))
        if wanted != self._shown:
            self._shown = wanted
            self._chart.options["xAxis"]["data"] = _minute_names(moment.past)
            self._chart.options["series"] = _series(moment)
            self._chart.update()


def _minute_names(past: Past) -> list[str]:
    return [f"{bucket.start.astimezone():%H:%M}" for bucket in past.minutes]


def _series(moment: Moment) -> list[dict[str, Any]]:
    past = moment.past
    return [
        {
            "type": "bar",
            "stack": "rejects",
            "name": group_title(group, moment),
            "color": group.colour,
            "barCategoryGap": "25%",
            "data": [group.number(bucket.counts) for bucket in past.minutes],
        }
        for group in groups(past.hour, known_classes(moment))
    ]


def _empty() -> dict[str, Any]:
    axis = {"axisLabel": {"color": TEXT_COLOUR, "fontSize": 14, "hideOverlap": True}, "axisTick": {"show": False}}
    return {
        "animation": False,
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 4, "right": 6, "top": 10, "bottom": 2, "containLabel": True},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}, "confine": True},
        "xAxis": {"type": "category", "data": [], "axisLine": {"lineStyle": {"color": GRID_COLOUR}}, **axis},
        "yAxis": {
            "type": "value",
            "minInterval": 1,
            "splitNumber": 2,
            "splitLine": {"lineStyle": {"color": GRID_COLOUR}},
            **axis,
        },
        "series": [],
    }
