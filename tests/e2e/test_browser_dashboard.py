"""The dashboard as a person sees it: a real publisher, the real process, a real browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from edge.bundle.manifest import ClassSpec
from edge.dashboard.texts.languages import TEXTS
from edge.facts import Titles
from edge.feed.publisher import Publisher
from edge.geometry import Box
from edge.language.grammar.languages import LANGUAGES, language_of
from edge.language.grammar.sentences import write
from edge.language.phrases import fact_phrases
from edge.language.state import facts_of
from edge.line.marking import Marking
from edge.line.outbox import Marked
from edge.messages import Attention, Phrase, ReportState, Verdict
from edge.questions.interview import Interview
from edge.reports.handover import Ask, Asked
from edge.requests.desk import Desk
from edge.requests.replay import Replay
from edge.requests.socket import RequestServer
from edge.store.history import History
from tests.e2e.browser import chromium, complaints, hosts_asked, save_screenshot, why_no_browser
from tests.edge.dashboard_process import Dashboard, dashboard
from tests.edge.feed_double import DOUBTFUL, GOOD, SCRATCHED, TITLES, FeedDouble, Part, drawn_part

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(why_no_browser() is not None, reason=str(why_no_browser())),
]

LINE = "鋼板 A 線"
CAMERAS = ("上料端", "Belt")
WAIT_S = 30
CLASSES = [ClassSpec(name, "good" if name == "good" else "defect", titles) for name, titles in TITLES.items()]


@dataclass(slots=True)
class Beating:
    """A feed that sends heartbeats in the background; one thread at a time uses its socket."""

    feed: FeedDouble
    down: tuple[str, ...]
    lock: threading.Lock
    stopped: threading.Event

    def part(self, camera: str, part: Part) -> Verdict:
        with self.lock:
            return self.feed.part(camera, part, drawn_part(3, part))

    def report(self, verdict: Verdict, state: ReportState, words: str = "") -> None:
        text = {"zh-TW": f"左側有一處刮痕 {state}", "en": f"One scratch {state}"} if state == "ready" else {}
        with self.lock:
            self.feed.report(verdict, state, text, {"zh-TW": words} if words else {})

    def mark(self, marked: Marked) -> None:
        with self.lock:
            self.feed.mark(marked)

    def beat(self) -> None:
        while not self.stopped.wait(0.5):
            with self.lock:
                self.feed.heartbeat()
                for camera in CAMERAS:
                    is_down = camera in self.down
                    self.feed.camera(camera, "down" if is_down else "up", "no route to the camera" if is_down else "")


@contextmanager
def beating(feed: FeedDouble, down: tuple[str, ...] = ()) -> Iterator[Beating]:
    running = Beating(feed, down, threading.Lock(), threading.Event())
    thread = threading.Thread(target=running.beat)
    thread.start()
    try:
        yield running
    finally:
        running.stopped.set()
        thread.join()


@contextmanager
def opened(
    tmp_path: Path, size: tuple[int, int] = (1920, 1080), has_good_class: bool = True, down: tuple[str, ...] = ()
) -> Iterator[tuple[Beating, Dashboard, Any]]:
    """Line, dashboard and browser, with the page open and the first part on it."""
    with (
        FeedDouble(LINE, CAMERAS, tmp_path, has_good_class) as feed,
        dashboard(feed.address, tmp_path, LINE) as served,
        chromium(*size) as browser,
        beating(feed, down) as line,
    ):
        browser.get(served.address)
        _until(browser, lambda: _first_part_seen(line, browser))
        yield line, served, browser
        assert complaints(browser) == []
        assert hosts_asked(browser) == {f"127.0.0.1:{served.port}"}


def test_a_part_appears_with_picture_boxes_and_verdict(tmp_path: Path) -> None:
    """Live picture with a region, then a scratch with its box and the word NG; the rejects grow, a click shows all."""
    with opened(tmp_path) as (line, _, browser):
        _until(browser, lambda: _brightness(browser, _tile(CAMERAS[0])) > 50)
        assert _count(browser, f"{_tile(CAMERAS[0])} rect.region") == 1
        assert _count(browser, f"{_tile(CAMERAS[0])} .box") == 0
        assert _cards(browser) == 0

        line.part(CAMERAS[0], SCRATCHED)
        _until(browser, lambda: _word(browser) == "NG")
        _until(browser, lambda: _count(browser, f"{_tile(CAMERAS[0])} .box") == 1)
        assert _text(browser, f"{_tile(CAMERAS[0])} .verdict .class") == "刮傷"
        assert _text(browser, f"{_tile(CAMERAS[0])} .verdict .probability") == "97.2 %"
        _until(browser, lambda: _cards(browser) == 1)

        line.part(CAMERAS[0], DOUBTFUL)
        _until(browser, lambda: _word(browser) == "待判")
        _until(browser, lambda: _cards(browser) == 2)
        _until(browser, lambda: _brightness(browser, ".card:not(.hidden)") > 50)
        save_screenshot(browser, tmp_path / "rejects.png")

        browser.find_elements("css selector", ".card:not(.hidden)")[1].click()
        _until(browser, lambda: _brightness(browser, ".detail") > 50)
        details = _text(browser, ".detail dl")
        assert "刮傷" in details
        assert "300, 210 · 170 × 60 px · 93 %" in details
        assert "10.5 ms" in details
        assert _count(browser, ".detail image.heat") == 1
        assert "缺陷熱區圖" in _text(browser, ".detail .heat-control")
        save_screenshot(browser, tmp_path / "detail.png")
        browser.find_element("css selector", ".detail .heat-control input[type=checkbox]").click()
        _until(browser, lambda: _count(browser, ".detail image.heat") == 0)
        assert _count(browser, ".detail .box") == 1
        browser.find_element("css selector", ".detail .close").click()
        _until(browser, lambda: _count(browser, ".detail") == 0)


def test_a_report_stands_with_its_part(tmp_path: Path) -> None:
    """Being written, then there, also while one looks at the part; the model's words as such; and what has none."""
    with opened(tmp_path) as (line, served, browser):
        first, second = line.part(CAMERAS[0], SCRATCHED), line.part(CAMERAS[1], DOUBTFUL)
        line.report(first, "queued")
        line.report(second, "shed")
        _until(browser, lambda: _count(browser, ".card:not(.hidden) .report") == 2)
        _until(browser, lambda: _reports(browser) == ["未撰寫：同時件數過多", "撰寫中…"])

        browser.find_elements("css selector", ".card:not(.hidden)")[1].click()
        _until(browser, lambda: _text(browser, ".detail-report") == "撰寫中…")
        line.report(first, "ready", "<b>看起來是新的</b>")
        _until(browser, lambda: "左側有一處刮痕 ready" in _text(browser, ".detail-report"))
        assert _text(browser, ".detail-report .whose") == "模型的說法，可能有誤"
        assert _text(browser, ".detail-report .words") == "<b>看起來是新的</b>"
        save_screenshot(browser, tmp_path / "report.png")
        assert served.get(f"/api/report/{quote(first.id)}")[0] == 200
        assert served.get("/api/report/none")[0] == 404


def test_pointing_at_a_phrase_lights_its_place(tmp_path: Path) -> None:
    """By mouse and by keyboard: the rest goes dark, and the map away; of the model's own words, where it looked."""
    part = replace(SCRATCHED, boxes=(*SCRATCHED.boxes, Box(560, 130, 60, 40, 0.7)))
    with opened(tmp_path) as (line, _, browser):
        verdict = line.part(CAMERAS[0], part)
        text, phrases = {}, {}
        for code in LANGUAGES:
            text[code] = write(facts_of(verdict), code, Titles(CLASSES))
            attention = Attention(verdict.region, ((0, 100), (50, 0)))
            own = Phrase("words", 0, 2, attention=attention)
            facts = fact_phrases(text[code], facts_of(verdict), language_of(code), Titles(CLASSES), verdict)
            phrases[code] = (*facts, own)
        with line.lock:
            line.feed.report(verdict, "ready", text, {"zh-TW": "表面發亮。", "en": "It shines."}, phrases)
        _until(browser, lambda: _cards(browser) == 1)
        browser.find_element("css selector", ".card:not(.hidden)").click()
        _until(browser, lambda: _count(browser, ".detail image.heat") == 1)
        _until(browser, lambda: _count(browser, ".detail .said .phrase") == 5)
        assert _text(browser, ".detail .said") == text["zh-TW"]

        _until(browser, lambda: _pointed(browser, "右上角") and _count(browser, ".detail .lit .place") == 1)
        lit = browser.find_element("css selector", ".detail .lit .place")
        assert [lit.get_attribute(name) for name in ("x", "y", "width", "height")] == ["560", "130", "60", "40"]
        assert _count(browser, ".detail image.heat") == 0
        save_screenshot(browser, tmp_path / "phrase.png")
        ActionChains(browser).move_to_element(browser.find_element("css selector", ".detail-verdict")).perform()
        _until(browser, lambda: _count(browser, ".detail .lit") == 0)
        assert _count(browser, ".detail image.heat") == 1

        browser.execute_script("document.querySelector('.detail .said .phrase').focus()")
        ActionChains(browser).send_keys(Keys.TAB).perform()
        _until(browser, lambda: _count(browser, ".detail .lit .place") == 2)
        browser.execute_script("document.querySelector('.detail .words .phrase').focus()")
        _until(browser, lambda: _count(browser, ".detail .lit image.looked") == 1)
        save_screenshot(browser, tmp_path / "looked.png")


def test_parts_are_searched_for_on_the_page(tmp_path: Path) -> None:
    """A sentence brings the parts it describes and their reports; one that cannot be searched for brings a sentence."""
    with opened(tmp_path) as (line, _, browser):
        line.report(line.part(CAMERAS[0], SCRATCHED), "ready")
        line.part(CAMERAS[0], DOUBTFUL)
        _until(browser, lambda: _cards(browser) == 2)
        box = browser.find_element("css selector", ".search input")
        box.send_keys("scratch" + Keys.ENTER)
        _until(browser, lambda: _count(browser, ".search .card:not(.hidden)") == 1)
        assert _text(browser, ".search .card:not(.hidden) .class") == "刮傷"
        assert _text(browser, ".search .card:not(.hidden) .report") == "左側有一處刮痕 ready"
        save_screenshot(browser, tmp_path / "search.png")
        box.clear()
        box.send_keys("царапина" + Keys.ENTER)
        _until(browser, lambda: "Traditional Chinese and English" in _text(browser, ".search .hint"))
        assert _count(browser, ".search .card:not(.hidden)") == 0


def test_a_part_is_asked_about_on_the_page(tmp_path: Path) -> None:
    """Answers come from the line's request socket; follow-ups are understood, and a line that is silent is said."""
    interview = Interview(CLASSES)

    def answer(question: Ask, reply: Callable[[Asked | str], None]) -> None:
        session, answers = interview.ask(question.text, question.verdict, question.previous, question.session)
        reply(Asked(session, tuple(answers)))

    with (
        opened(tmp_path) as (line, _, browser),
        Publisher("tcp://127.0.0.1:*") as publisher,
        RequestServer("tcp://127.0.0.1:*", publisher) as server,
    ):
        history = History(tmp_path)
        nothing = (lambda *_: None, lambda *_: 0.0, lambda *_: "active")
        server.start(
            Desk(LINE, "e", publisher, lambda: Replay(tmp_path), *nothing, find=history.with_previous, ask=answer)
        )
        line.part(CAMERAS[0], SCRATCHED)
        _until(browser, lambda: _cards(browser) == 1)
        browser.find_element("css selector", ".card:not(.hidden)").click()
        _until(browser, lambda: _count(browser, ".questions input") == 1)
        box = browser.find_element("css selector", ".questions input")
        box.send_keys("有刮痕嗎？", Keys.ENTER)
        _until(browser, lambda: _answers(browser) == 1)
        assert "沒有回答" in _text(browser, ".questions .answers")
        with line.lock:
            line.feed.requests = server.address
        _until(browser, lambda: _has_asked(browser, box, "有刮痕嗎？", "是。有刮傷"))
        box.send_keys("那右邊呢？", Keys.ENTER)
        _until(browser, lambda: "否。刮傷在別處" in _text(browser, ".questions .answers"))
        save_screenshot(browser, tmp_path / "questions.png")


def test_a_verdict_is_marked_wrong_on_the_page(tmp_path: Path) -> None:
    """By keyboard and by touch, from the rejects and from a search; shown, changed, withdrawn; markup stays text."""
    with (
        opened(tmp_path, (1366, 768)) as (line, _, browser),
        Publisher("tcp://127.0.0.1:*") as publisher,
        RequestServer("tcp://127.0.0.1:*", publisher) as server,
    ):
        history = History(tmp_path)
        marking = Marking(history, [c.name for c in CLASSES if c.kind == "defect"], line.mark)
        nothing = (lambda *_: None, lambda *_: 0.0, lambda *_: "active")
        server.start(Desk(LINE, "e", publisher, lambda: Replay(tmp_path), *nothing, mark=marking.mark))
        verdict = line.part(CAMERAS[0], SCRATCHED)
        _until(browser, lambda: _cards(browser) == 1)
        browser.find_element("css selector", ".card:not(.hidden)").click()
        _until(browser, lambda: _text(browser, ".marking .begin") == "這個判定有誤")
        _until(browser, lambda: _begins_to_mark(browser))
        _until(browser, lambda: _choices(browser) == ["良品", "髒污", "缺角", "破孔", "其他缺陷", "有誤，不確定"])
        smallest = min(
            one.rect["height"]
            for one in browser.find_elements("css selector", ".choosing:not(.hidden) .choices .touch")
        )
        assert smallest >= 44
        note, by = browser.find_elements("css selector", ".choosing input")
        note.send_keys("<img src=x onerror=alert(1)> 反光")
        by.send_keys("林")
        save_screenshot(browser, tmp_path / "mark-choices.png")
        _choose(browser, "良品")
        _until(browser, lambda: "未能標記" in _text(browser, ".mark-trouble"))  # the line has not said where it answers
        with line.lock:
            line.feed.requests = server.address
        _until(browser, lambda: _has_marked(browser, "良品"))
        assert _text(browser, ".mark-note") == "<img src=x onerror=alert(1)> 反光"
        assert "林" in _text(browser, ".marked .hint")
        assert _text(browser, ".card:not(.hidden) .mark-sign") == "良品"
        save_screenshot(browser, tmp_path / "marked.png")
        stored = history.marks([verdict.id])[verdict.id]
        assert (stored.truth, stored.note, stored.by) == ("good", "<img src=x onerror=alert(1)> 反光", "林")

        browser.execute_script("document.querySelector('.marked .touch').focus()")
        ActionChains(browser).send_keys(Keys.ENTER).perform()
        _until(browser, lambda: _count(browser, ".choosing:not(.hidden)") == 1)
        browser.execute_script("document.querySelectorAll('.choosing .choices .touch')[1].focus()")
        ActionChains(browser).send_keys(Keys.SPACE).perform()
        _until(browser, lambda: "實際是：髒污" in _text(browser, ".marked:not(.hidden) .said-mark"))
        browser.find_elements("css selector", ".marked .touch")[1].click()
        _until(browser, lambda: _count(browser, ".marking .begin:not(.hidden)") == 1)
        assert history.marks([verdict.id]) == {}
        browser.find_element("css selector", ".detail .close").click()
        _until(browser, lambda: _count(browser, ".detail") == 0)
        assert _count(browser, ".card:not(.hidden) .mark-sign:not(.hidden)") == 0

        browser.get(f"{browser.current_url.partition('?')[0]}?language=en")
        line.part(CAMERAS[0], DOUBTFUL)
        _until(browser, lambda: _cards(browser) == 2)
        box = browser.find_element("css selector", ".search input")
        box.send_keys("stain" + Keys.ENTER)
        _until(browser, lambda: _count(browser, ".search .card:not(.hidden)") == 1)
        browser.find_element("css selector", ".search .card:not(.hidden)").click()
        _until(browser, lambda: _text(browser, ".marking .begin") == "Say what it really was")
        _until(browser, lambda: _begins_to_mark(browser))
        _until(
            browser, lambda: _choices(browser) == ["Good", "Scratch", "Stain", "Chipped edge", "Hole", "Another defect"]
        )
        save_screenshot(browser, tmp_path / "mark-choices.en.png")
        _choose(browser, "Stain")
        _until(browser, lambda: _text(browser, ".marked:not(.hidden) .said-mark") == "Marked. Really: Stain")
        save_screenshot(browser, tmp_path / "marked.en.png")
        browser.find_element("css selector", ".detail .close").click()
        _until(browser, lambda: _count(browser, ".card:not(.hidden) .mark-sign:not(.hidden)") == 2)
        save_screenshot(browser, tmp_path / "signs.en.png")


def _choices(browser: Any) -> list[str]:
    script = "return [...document.querySelectorAll('.choosing:not(.hidden) .choices .touch')].map(one => one.innerText)"
    return list(browser.execute_script(script))


def _choose(browser: Any, title: str) -> None:
    browser.find_elements("css selector", ".choosing:not(.hidden) .choices .touch")[
        _choices(browser).index(title)
    ].click()


def _begins_to_mark(browser: Any) -> bool:
    """Press the button where it is shown: it goes as soon as the choices come."""
    browser.execute_script("document.querySelector('.marking .begin:not(.hidden)')?.click()")
    return _count(browser, ".choosing:not(.hidden)") == 1


def _has_marked(browser: Any, title: str) -> bool:
    """Choose, until it is taken: the page hears of the request socket with the next heartbeat."""
    if _count(browser, ".marked:not(.hidden)") == 0 and _begins_to_mark(browser):
        _choose(browser, title)
    return title in _text(browser, ".marked:not(.hidden) .said-mark")


def _pointed(browser: Any, said: str) -> bool:
    """Move the mouse there; to be done again where the part was still opening, and the phrase went on from under it."""
    ActionChains(browser).move_to_element(_phrase(browser, said)).perform()
    return True


def _phrase(browser: Any, text: str) -> Any:
    return next(each for each in browser.find_elements("css selector", ".detail .phrase") if each.text == text)


def _answers(browser: Any) -> int:
    return _count(browser, ".questions .answer")


def _has_asked(browser: Any, box: Any, question: str, answer: str) -> bool:
    """Ask, until it is answered so: the page hears of the request socket with the next heartbeat."""
    before = _answers(browser)
    box.send_keys(question, Keys.ENTER)
    _until(browser, lambda: _answers(browser) > before)
    return answer in _text(browser, ".questions .answers")


def test_the_language_is_switched_on_the_page(tmp_path: Path) -> None:
    """From Chinese to English and back: words, class titles, the document, and what it will say when we are gone."""
    with opened(tmp_path) as (line, _, browser):
        line.part(CAMERAS[1], SCRATCHED)
        _until(browser, lambda: _text(browser, f"{_tile(CAMERAS[1])} .verdict .class") == "刮傷")
        assert "良率" in _text(browser, ".yield")
        browser.find_element("css selector", "nav a[lang=en]").click()
        _until(browser, lambda: _text(browser, f"{_tile(CAMERAS[1])} .verdict .class") == "Scratch")
        assert "Yield" in _text(browser, ".yield")
        assert _count(browser, ".dashboard[lang=en]") == 1
        gone = browser.execute_script("return document.getElementById('popup').textContent")
        assert gone == TEXTS["en"].dashboard_gone
        browser.find_element("css selector", "nav a[lang=zh-TW]").click()
        _until(browser, lambda: "良率" in _text(browser, ".yield"))


def test_a_silent_feed_is_said_across_the_page(tmp_path: Path) -> None:
    """When heartbeats stop, a banner says since when, and the rest fades; it goes when they come back."""
    with opened(tmp_path) as (line, _, browser):
        assert _count(browser, ".banner:not(.hidden)") == 0
        with line.lock:
            _until(browser, lambda: "未收到產線訊號" in _text(browser, ".banner:not(.hidden)"))
            assert _count(browser, ".dashboard.stale") == 1
            save_screenshot(browser, tmp_path / "silent.png")
        _until(browser, lambda: _count(browser, ".banner:not(.hidden)") == 0)


def test_a_camera_that_is_down_says_why(tmp_path: Path) -> None:
    """State and reason are over the camera's picture; the other camera goes on."""
    with opened(tmp_path, down=(CAMERAS[1],)) as (_, _, browser):
        _until(browser, lambda: "no route to the camera" in _text(browser, _tile(CAMERAS[1])))
        assert "相機斷線" in _text(browser, _tile(CAMERAS[1]))
        assert "運作中" in _text(browser, _tile(CAMERAS[0]))


def test_the_ledger_and_the_store_are_on_the_page(tmp_path: Path) -> None:
    """Each camera's account with why triggers were dropped; a full disk across the page, while it is full."""
    with opened(tmp_path) as (line, _, browser):
        _until(browser, lambda: "來不及檢 3" in _text(browser, f"{_tile(CAMERAS[1])} .camera-ledger"))
        assert "觸發 3 = 判定 0 + 未檢 3 + 處理中 0" in _text(browser, f"{_tile(CAMERAS[1])} .camera-ledger")
        assert "存檔正常" in _text(browser, ".ledger .store")
        line.feed.store_state = "full"
        _until(browser, lambda: "磁碟已滿" in _text(browser, ".banner.minor:not(.hidden)"))
        assert "1,234 筆" in _text(browser, ".ledger .store.is-ng")
        save_screenshot(browser, tmp_path / "full.png")
        line.feed.store_state = "ok"
        _until(browser, lambda: _count(browser, ".banner.minor:not(.hidden)") == 0)


def test_without_a_good_class_parts_are_counted_and_no_yield_is_claimed(tmp_path: Path) -> None:
    """Class titles in the huge letters, numbers of parts in place of the yield, and a line that says why."""
    with opened(tmp_path, has_good_class=False) as (line, _, browser):
        line.part(CAMERAS[0], SCRATCHED)
        _until(browser, lambda: _word(browser) == "刮傷")
        _until(browser, lambda: "良率 —" in _text(browser, ".yield"))
        assert "%" not in _text(browser, ".yield")


@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768), (820, 1180)])
def test_nothing_runs_out_of_the_window(tmp_path: Path, size: tuple[int, int]) -> None:
    """On a wall, a panel and an upright tablet; on the lying ones all that is watched is in view, the search below."""
    with opened(tmp_path, size) as (line, served, browser):
        for language in ("en", "zh-TW"):
            browser.get(f"{served.address}?language={language}")
            line.part(CAMERAS[0], SCRATCHED)
            _until(browser, lambda: _word(browser) == "NG")
            overflow = browser.execute_script(
                "const page = document.scrollingElement;"
                "const watched = [...document.querySelectorAll('.dashboard, .dashboard > *, aside > *')];"
                "const lowest = Math.max(...watched.map(one => one.getBoundingClientRect().bottom));"
                "return [page.scrollWidth - innerWidth, Math.floor(lowest) - innerHeight]"
            )
            assert overflow[0] <= 0
            assert overflow[1] <= 0 or size[0] < size[1]
        save_screenshot(browser, tmp_path / f"{size[0]}x{size[1]}.png")


@pytest.mark.slow
def test_a_long_run_does_not_grow(tmp_path: Path) -> None:
    """Hundreds of pictures: the page keeps its elements, the process its memory."""
    with opened(tmp_path) as (line, served, browser):
        process = psutil.Process(served.pid)
        sizes = []
        for _ in range(2):
            for part in (GOOD, SCRATCHED, DOUBTFUL) * 60:
                line.part(CAMERAS[0], part)
            line.part(CAMERAS[0], GOOD)
            _until(browser, lambda: _word(browser) == "OK")
            _until(browser, lambda: _cards(browser) == 12)
            sizes.append(
                (browser.execute_script("return document.querySelectorAll('*').length"), process.memory_info().rss)
            )
        (elements, memory), (elements_later, memory_later) = sizes
        assert elements_later <= elements + 5
        assert memory_later < memory + 20_000_000


def _until(browser: Any, condition: Callable[[], Any]) -> None:
    WebDriverWait(browser, WAIT_S, poll_frequency=0.1).until(lambda _: condition())


def _first_part_seen(line: Beating, browser: Any) -> bool:
    """Whether a part is on the page. A subscriber may miss a publisher's first messages, so it is sent again."""
    line.part(CAMERAS[0], GOOD)
    return _word(browser) not in {"", "—"}


def _tile(camera: str) -> str:
    return f'[data-camera="{camera}"]'


def _word(browser: Any) -> str:
    return _text(browser, f"{_tile(CAMERAS[0])} .verdict .word")


def _text(browser: Any, selector: str) -> str:
    """The text a person sees in the first such element; empty where there is none."""
    return str(browser.execute_script("return document.querySelector(arguments[0])?.innerText ?? ''", selector))


def _count(browser: Any, selector: str) -> int:
    return int(browser.execute_script("return document.querySelectorAll(arguments[0]).length", selector))


def _reports(browser: Any) -> list[str]:
    """Below the cards, from the newest on."""
    return [element.text for element in browser.find_elements("css selector", ".card:not(.hidden) .report")]


def _cards(browser: Any) -> int:
    return _count(browser, ".card:not(.hidden)")


def _brightness(browser: Any, selector: str) -> float:
    """Mean grey level of the picture inside an element, 0..255; 0 before there is one."""
    script = """
        const canvas = document.querySelector(arguments[0] + " canvas");
        if (!canvas || !canvas.width) return 0;
        const copy = Object.assign(document.createElement("canvas"), {width: canvas.width, height: canvas.height});
        const context = copy.getContext("2d", {willReadFrequently: true});
        context.drawImage(canvas, 0, 0);
        const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
        let sum = 0;
        for (let i = 0; i < pixels.length; i += 4) sum += pixels[i];
        return sum / (pixels.length / 4);
    """
    return float(browser.execute_script(script, selector))
