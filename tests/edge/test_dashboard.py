"""The dashboard's parts that need no browser: texts, memory of the feed, history, colours, close-ups."""

from __future__ import annotations

import string
import time
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as replace_field

from edge.dashboard.class_groups import COLOURS, groups
from edge.dashboard.live import (
    HEARTBEAT_TIMEOUT_S,
    PART_STANDS_S,
    PICTURE_COMES_WITHIN_S,
    PICTURE_EVERY_S,
    PICTURES_REMEMBERED,
    CameraView,
    LiveLine,
)
from edge.dashboard.past import PastReader, yield_of
from edge.dashboard.picture import closeup
from edge.dashboard.texts.languages import LANGUAGES, TEXTS, class_title
from edge.dashboard.words import percent
from edge.feed.subscribe import subscribe
from edge.geometry import Box
from edge.messages import CameraState, DropReason, LineReport, Message, StoreState
from edge.store.history import Counts, History
from edge.verdict import Reason, Status
from tests.edge.feed_double import (
    DOUBTFUL,
    GOOD,
    HEIGHT,
    SCRATCHED,
    WIDTH,
    FeedDouble,
    Origin,
    at,
    drawn_part,
    verdict_of,
)

NS = 1_000_000_000


def test_every_text_exists_in_every_language_with_the_same_placeholders() -> None:
    """No text is empty, both languages fill in the same things, and every state of the feed has a word."""
    english, chinese = TEXTS["en"], TEXTS["zh-TW"]
    for field in fields(english):
        ours, theirs = getattr(english, field.name), getattr(chinese, field.name)
        if isinstance(ours, str):
            assert ours, field.name
            assert theirs, field.name
            assert _placeholders(ours) == _placeholders(theirs), field.name
    for language in LANGUAGES:
        texts = TEXTS[language]
        assert set(texts.status) == set(get_args(Status))
        assert set(texts.reason) == set(get_args(Reason))
        assert set(texts.camera_state) == set(get_args(CameraState))
        assert set(texts.store_state) == set(get_args(StoreState))
        assert set(texts.dropped_by) == set(get_args(DropReason))


def test_a_class_without_a_title_is_called_by_its_name() -> None:
    """A bundle may give titles for some languages only, or none."""
    titles = {"scratch": {"zh-TW": "刮傷"}}
    assert class_title("scratch", titles, "zh-TW") == "刮傷"
    assert class_title("scratch", titles, "en") == "scratch"
    assert class_title("hole", titles, "en") == "hole"


def test_a_share_is_never_rounded_up_to_all() -> None:
    """One reject among a hundred thousand parts is not a yield of 100 %."""
    assert percent(99_999 / 100_000) == "99.9 %"
    assert percent(1.0) == "100.0 %"
    assert percent(None) == "—"


def test_the_feed_is_silent_three_seconds_after_the_last_heartbeat(tmp_path: Path) -> None:
    """Verdicts alone are no sign of life, and another line's heartbeat is not ours."""
    now = [0.0]
    live, other = LiveLine("steel", lambda: now[0]), LiveLine("other", lambda: now[0])
    for message, jpeg in _published(tmp_path):
        live.take(message, jpeg)
        other.take(message, jpeg)
    assert not live.view().is_silent
    now[0] = HEARTBEAT_TIMEOUT_S + 0.1
    assert live.view().is_silent
    assert live.view().heard_at is not None
    assert other.view().heard_at is None
    assert other.view().cameras == ()


def test_word_and_picture_belong_to_the_same_part(tmp_path: Path) -> None:
    """The newest verdict waits a moment for its picture, so that both change together, but not for ever."""
    now = [0.0]
    live = LiveLine("steel", lambda: now[0])
    messages = _published(tmp_path, parts=2)
    for message, jpeg in messages[:-2]:
        live.take(message, jpeg)
    assert _belt(live).picture_verdict == _belt(live).verdict == _belt(live).current
    now[0] = 10.0
    live.take(*messages[-2])  # the second part's verdict; its picture is still on its way
    waiting = _belt(live)
    assert waiting.verdict is not None
    assert waiting.verdict.status == "UNDECIDED"
    assert waiting.current == waiting.picture_verdict != waiting.verdict
    now[0] += PICTURE_COMES_WITHIN_S + 0.01
    assert _belt(live).current == waiting.verdict
    live.take(*messages[-1])
    assert _belt(live).picture_verdict == waiting.verdict


def test_a_picture_that_overtakes_its_verdict_gets_its_boxes_later(tmp_path: Path) -> None:
    """A verdict waits for the disk, its picture does not: shown without boxes first, then with them."""
    live = LiveLine("steel", lambda: 0.0)
    heartbeat, verdict, picture = _published(tmp_path, parts=1)
    live.take(*heartbeat)
    live.take(*picture)
    assert _belt(live).picture is not None
    assert _belt(live).picture_verdict is None
    live.take(*verdict)
    assert _belt(live).picture_verdict == verdict[0]


def test_a_part_stays_on_the_page_while_the_empty_belt_goes_on(tmp_path: Path) -> None:
    """Frames without a verdict show that the belt moves; they must not wipe a part's boxes away at once."""
    now = [0.0]
    live = LiveLine("steel", lambda: now[0])
    messages = _published(tmp_path, parts=2)
    picture, jpeg = messages[2]

    def empty(number: int) -> None:
        live.take(replace_field(picture, verdict=None, number=number), jpeg)

    for message in messages[:3]:
        live.take(*message)
    part = _belt(live).picture
    empty(7)
    now[0] = PART_STANDS_S / 2
    assert _belt(live).picture == part
    live.take(*messages[3])
    live.take(*messages[4])
    empty(8)
    assert _belt(live).picture == messages[4][0]
    now[0] += PART_STANDS_S
    empty(9)
    assert _belt(live).picture == replace_field(picture, verdict=None, number=9)


def test_however_fast_the_line_a_named_picture_can_be_had_and_memory_is_bounded(tmp_path: Path) -> None:
    """Of a flood only the pictures that were shown are kept, for as long as a browser needs to ask, and no longer."""
    now = [0.0]
    live = LiveLine("steel", lambda: now[0])
    named = []
    for message, jpeg in _published(tmp_path, parts=40):
        live.take(message, jpeg)
        now[0] += PICTURE_EVERY_S / 4
        picture = _belt(live).picture
        named += [picture.number] if picture and picture.number not in named else []
        assert all(live.jpeg("belt", number) for number in named[-PICTURES_REMEMBERED:])
    assert PICTURES_REMEMBERED < len(named) < 40 / 2 + 2
    assert sum(live.jpeg("belt", number) is not None for number in range(40)) == PICTURES_REMEMBERED


def test_the_last_hour_is_counted_per_minute_and_follows_new_parts(tmp_path: Path) -> None:
    """Sixty minutes, none left out; a later look adds what has come and drops what is too old."""
    now = datetime(2026, 1, 31, 8, 30, 20, tzinfo=timezone.utc)
    wall = int(now.timestamp()) * NS
    with FeedDouble("steel", ("belt",), tmp_path) as feed:
        reader = PastReader(History(tmp_path))
        assert reader.refresh(now).hour.total == 0
        feed.past([("belt", at(GOOD, wall - minutes * 60 * NS)) for minutes in (0, 0, 58, 70)])
        feed.past([("belt", at(SCRATCHED, wall - 10 * NS))])
        first = PastReader(History(tmp_path)).refresh(now)
        assert (first.hour.ok, first.hour.ng, len(first.minutes)) == (3, 1, 60)
        assert first.minutes[-1].counts == Counts(2, 1, 0, {"scratch": 1})
        assert yield_of(first.now) == 2 / 3

        reader = PastReader(History(tmp_path))
        reader.refresh(now)
        feed.past([("belt", at(DOUBTFUL, wall + 120 * NS))])
        later = reader.refresh(now + timedelta(minutes=2))
    assert (later.hour.ok, later.hour.ng, later.hour.undecided) == (2, 1, 1)
    assert [stored.verdict.status for stored in later.rejects] == ["UNDECIDED", "NG"]


def test_an_unreadable_history_keeps_what_was_read_and_says_why(tmp_path: Path) -> None:
    """The page goes on with old figures and a sentence, not with an empty hour."""
    with FeedDouble("steel", ("belt",), tmp_path) as feed:
        feed.past([("belt", at(SCRATCHED, time.time_ns()))])
        reader = PastReader(History(tmp_path))
        good = reader.refresh(datetime.now(timezone.utc))
    for file in tmp_path.glob("verdicts.sqlite3*"):
        file.write_bytes(b"not a database, not at all" * 100)
    damaged = reader.refresh(datetime.now(timezone.utc))
    assert damaged.error
    assert damaged.rejects == good.rejects


@pytest.mark.parametrize("classes", [0, 1, 6, 7, 30])
def test_every_reject_is_in_exactly_one_group_with_a_colour_of_its_own(classes: int) -> None:
    """However many classes: the groups' numbers add up to the rejects, and no two share a colour."""
    by_class = {f"class{n}": n + 1 for n in range(classes)}
    hour = Counts(5, sum(by_class.values()), 4, by_class)
    shown = groups(hour, tuple(sorted(by_class)))
    assert sum(group.number(hour) for group in shown) == hour.ng + hour.undecided
    assert len({group.colour for group in shown}) == len(shown) <= len(COLOURS) + 1


@given(
    st.lists(
        st.builds(
            Box,
            x=st.integers(0, WIDTH - 1),
            y=st.integers(0, HEIGHT - 1),
            w=st.integers(1, WIDTH),
            h=st.integers(1, HEIGHT),
            score=st.just(0.5),
        ),
        max_size=4,
    ),
    st.sampled_from([(WIDTH, HEIGHT), (HEIGHT, WIDTH), (4096, 64), (200, 200)]),
)
def test_a_closeup_stays_inside_the_frame(boxes: list[Box], size: tuple[int, int]) -> None:
    """Boxes at the edge, or as large as the frame, in frames of any shape: the view is a 4:3 part of the frame."""
    verdict = verdict_of(replace(SCRATCHED, boxes=tuple(boxes)), Origin(), size)
    x, y, width, height = closeup("/any", verdict, 320).view
    assert min(x, y) >= 0
    assert width > 0
    assert height > 0
    assert x + width <= size[0] + 0.2
    assert y + height <= size[1] + 0.2
    assert width / height == pytest.approx(4 / 3, rel=0.01)


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _belt(live: LiveLine) -> CameraView:
    return live.view().cameras[0]


def _published(data_dir: Path, parts: int = 2) -> list[tuple[Message, bytes | None]]:
    """What a subscriber receives of a heartbeat and some parts: GOOD ones, and DOUBTFUL as the last."""
    with FeedDouble("steel", ("belt", "oven"), data_dir) as feed, subscribe(feed.address) as subscription:
        heartbeat = None
        while heartbeat is None:
            feed.heartbeat()
            heartbeat = subscription.receive(0.05)
        for part in (*[GOOD] * (parts - 1), DOUBTFUL):
            feed.part("belt", part, drawn_part(1, part))
        received = [heartbeat]
        while len(received) < 1 + 2 * parts:
            item = subscription.receive(5.0)
            assert item is not None
            if not isinstance(item[0], LineReport):
                received.append(item)
    return received
