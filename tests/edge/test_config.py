"""The line file: what it may say, and what a mistake in it is told."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.checks import OPEN_TO_ALL
from edge.config.load import load_line
from edge.errors import ConfigError
from edge.geometry import Region

LINE = '[line]\nname = "鋼板-1"\nbundle = "../bundles/steel"\n'
CAMERA = '[[camera]]\nname = "belt"\nuri = "file:clips/belt.avi?loop=1"\n'
WHOLE = LINE + CAMERA


def write(folder: Path, text: str) -> Path:
    file = folder / "line.toml"
    file.write_text(text, encoding="utf-8")
    return file


def complaint(folder: Path, text: str) -> str:
    return complaint_about(write(folder, text))


def complaint_about(file: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_line(file)
    return str(caught.value)


def test_the_least_line_file_gets_defaults_and_absolute_paths(tmp_path: Path) -> None:
    """Two tables are enough; paths start at the file's own folder, and data lies in var/NAME beside it."""
    configs = tmp_path / "configs"
    configs.mkdir()
    line = load_line(write(configs, WHOLE))
    assert line.line.bundle == tmp_path / "bundles/steel"
    assert line.line.data_dir == tmp_path / "var/鋼板-1"
    assert line.camera[0].uri == f"file:{configs}/clips/belt.avi?loop=1"
    assert (line.engine.variant, line.dashboard.language) == ("auto", "zh-TW")


def test_only_folder_and_file_uris_are_paths(tmp_path: Path) -> None:
    """A stream's address and a simulated line stay as written; a roi becomes a region."""
    text = LINE + '[[camera]]\nname = "a"\nuri = "rtsp://10.0.0.2/live"\nroi = [1, 2, 30, 40]\n'
    camera = load_line(write(tmp_path, text)).camera[0]
    assert camera.uri == "rtsp://10.0.0.2/live"
    assert camera.region == Region(1, 2, 30, 40)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (WHOLE + 'trigger = "interval"\n', "but no `every_ms`; the two belong together"),
        (WHOLE + "every_ms = 40\n", "and an `every_ms`; the two belong together"),
        (WHOLE + 'triger = "part"\n', "unknown key `triger` in [[camera]] number 1; did you mean `trigger`?"),
        (
            WHOLE + "[feed]\njpg = 4\n",
            "unknown key `jpg` in [feed]; known: bind, requests, keys, insecure, picture_hz, jpeg_quality",
        ),
        (WHOLE + "[dashbord]\nport = 1\n", "unknown key `dashbord`; did you mean `dashboard`?"),
        ('bundle = "a"\n' + WHOLE, "unknown key `bundle`; it belongs below [line]"),
        (
            WHOLE + 'trigger = "both"\n',
            '`trigger` in [[camera]] number 1 is \'both\'; it must be one of "external", "frame", "interval", "part"',
        ),
        (
            WHOLE + "roi = [1, 2, 3, 0]\n",
            "`roi[3]` in [[camera]] number 1 is 0; it must be a whole number of at least 1",
        ),
        (
            WHOLE + 'trigger = "part"\nmargin = 1.5\n',
            "`margin` in [[camera]] number 1 is 1.5; it must be a number from -0.25 to 1",
        ),
        (WHOLE + "margin = 0.1\n", "`margin` in [[camera]] number 1 is 0.1, but only parts have a margin; add trigger"),
        (WHOLE + '[engine]\nthreads = "2"\n', "`engine.threads` is '2'; it must be a whole number from 0 to 256"),
        (WHOLE + '[dashboard]\nenabled = "yes"\n', "`dashboard.enabled` is 'yes'; it must be true or false"),
        (
            WHOLE + "[reports]\nlanguages = []\n",
            '`reports.languages` is []; it must be a list of at least 1, each text in "quotes"',
        ),
        (WHOLE + CAMERA, "two cameras are named 'belt'; give each its own name"),
        (WHOLE.replace("belt", "a/b", 1), "`name` in [[camera]] number 1 is 'a/b'; use letters"),
        (LINE, "it has no [[camera]] table; add one with: name, uri"),
        (CAMERA, "it has no [line] table; add one with: name, bundle"),
        ('[line]\nname = "a"\n' + CAMERA, "`line.bundle` is missing"),
        (WHOLE.replace("[[camera]]", "[camera]"), "`camera` is {"),
        (WHOLE + "x = = 3\n", "is not valid TOML: Invalid value (at line 7"),
        (WHOLE + '[feed]\nbind = "tcp://0.0.0.0:5560"\n', "`feed.bind` is 'tcp://0.0.0.0:5560', which other machines"),
        (
            WHOLE + '[feed]\nrequests = "tcp://0.0.0.0:1"\n',
            "`feed.requests` is 'tcp://0.0.0.0:1', which other machines",
        ),
        (WHOLE + '[feed]\ninsecure = "yes"\n', "`feed.insecure` is not what it must say to have an effect"),
        (WHOLE + '[feed]\nbind = "127.0.0.1"\n', "`feed.bind` is '127.0.0.1'; write it as"),
        (WHOLE + '[dashboard]\nhost = "192.168.1.5"\n', "`dashboard.host` is '192.168.1.5', which other machines"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_the_remedy(tmp_path: Path, text: str, says: str) -> None:
    """The sentence names the file, the key, and what may stand there."""
    message = complaint(tmp_path, text)
    assert message.startswith(str(tmp_path / "line.toml"))
    assert says in message
    assert "\n" not in message


def test_every_unknown_key_is_named_at_once(tmp_path: Path) -> None:
    """One run is enough to find all misspelt keys, in whatever tables."""
    message = complaint(tmp_path, LINE + "unded = 1\n" + CAMERA + "triger = 1\n[store]\nkeep = 1\n")
    assert all(f"unknown key `{key}`" in message for key in ("unded", "triger", "keep"))


def test_a_missing_file_names_the_one_that_was_meant(tmp_path: Path) -> None:
    """A slip in the name is answered with the file that lies there; a folder or binary file is no line file."""
    write(tmp_path, WHOLE)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    (tmp_path / "broken.toml").write_text("[line")
    with pytest.raises(ConfigError, match=r"did you mean .*/line\.toml\?"):
        load_line(tmp_path / "lien.toml")
    assert complaint_about(tmp_path / "pyprojekt.toml").endswith("has: line.toml")
    (tmp_path / "line.toml").unlink()
    assert complaint_about(tmp_path / "line.toml").endswith(f"nor another of its kind in {tmp_path}")
    write(tmp_path, WHOLE)
    with pytest.raises(ConfigError, match="Is a directory"):
        load_line(tmp_path)
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_line(tmp_path / "b.toml")


@given(st.text(max_size=60))
def test_whatever_a_file_holds_it_loads_or_is_refused(tmp_path_factory: pytest.TempPathFactory, tail: str) -> None:
    """Garbage after a good beginning raises ConfigError at worst."""
    with contextlib.suppress(ConfigError):
        load_line(write(tmp_path_factory.getbasetemp(), WHOLE + tail.encode("utf-8", "replace").decode()))


@given(st.text(min_size=1, max_size=70))
def test_an_accepted_name_is_one_safe_topic_part(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """No accepted name holds a separator, a space, a control character, or climbs out of a folder."""
    quoted = "".join(f"\\U{ord(c):08X}" for c in name if not "\ud800" <= c <= "\udfff") or "a"
    try:
        line = load_line(write(tmp_path_factory.getbasetemp(), WHOLE.replace("belt", quoted, 1)))
    except ConfigError:
        return
    accepted = line.camera[0].name
    assert accepted.isprintable()
    assert not set(accepted) & set("/\\ \0")
    assert not accepted.startswith(".")


def test_the_feed_is_opened_to_others_with_keys_or_in_so_many_words(tmp_path: Path) -> None:
    """Either lets it leave this machine; the folder with the keys starts at the line file's own."""
    file = tmp_path / "line.toml"
    opened = '[feed]\nbind = "tcp://0.0.0.0:5560"\n'
    file.write_text(WHOLE + opened + 'keys = "keys"\n', encoding="utf-8")
    assert load_line(file).feed.keys == tmp_path / "keys"
    file.write_text(WHOLE + opened + f'insecure = "{OPEN_TO_ALL}"\n', encoding="utf-8")
    assert load_line(file).feed.bind == "tcp://0.0.0.0:5560"
