"""The log, as a person and as the journal read it."""

from __future__ import annotations

import io
import json

from rich.console import Console

from edge.monitoring.logs import is_json, sayer


def test_under_the_journal_each_sentence_is_one_json_object_with_a_level() -> None:
    """Also a long one with line breaks and brackets; the level stands before it."""
    out, journal = io.StringIO(), {"JOURNAL_STREAM": "8:1"}
    sentence = "belt: down: [red] 相機 " + "x" * 500 + "\nsecond line"
    sayer(Console(file=out, width=40), "steel", is_json("auto", journal), journal)(sentence)
    (line,) = out.getvalue().splitlines()
    record = json.loads(line.removeprefix("<6>"))
    assert line.startswith("<6>{")
    assert (record["line"], record["event"]) == ("steel", sentence)


def test_without_the_journal_sentences_stay_sentences() -> None:
    """Unless JSON is asked for, and then without a level."""
    out = io.StringIO()
    sayer(Console(file=out), "steel", is_json("auto", {}), {})("[x] hello")
    sayer(Console(file=out), "steel", is_json("json", {}), {})("hello")
    text, record = out.getvalue().splitlines()
    assert text == "[x] hello"
    assert json.loads(record)["event"] == "hello"
    assert not is_json("text", {"JOURNAL_STREAM": "8:1"})
