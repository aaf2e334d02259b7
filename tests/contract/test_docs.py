"""What the documents claim, held against the code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from edge.config.sections import LineFile
from edgevl import app

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("systemd/*.md")])
COMMANDS = {one.name for one in (*app.registered_commands, *app.registered_groups)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    """Files, folders and pictures that a document points to are in the checkout."""
    targets = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    relative = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in relative if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_exists(path: Path) -> None:
    """`edgevl X` in code is a command of the app, and no document names a folder of somebody's machine."""
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^ {4}|`|bin/)edgevl ([a-z]+)", text, flags=re.MULTILINE))
    assert named <= COMMANDS
    assert not re.search(r"/(work|home|root|tmp)/", text)


@pytest.mark.parametrize("name", ["README.md", "README.zh-TW.md"])
def test_both_readmes_name_every_command_and_both_ways_in(name: str) -> None:
    """Neither language is a stub of the other."""
    text = (ROOT / name).read_text(encoding="utf-8")
    wanted = ["make demo", "make test", "<!-- figures -->", "<!-- /figures -->", *(f"`edgevl {c}`" for c in COMMANDS)]
    assert [word for word in wanted if word not in text] == []


def test_every_key_of_the_line_file_is_described() -> None:
    """docs/line-file.md has each section, and below it each key with its default."""
    text = (ROOT / "docs/line-file.md").read_text(encoding="utf-8")
    sections = {
        title.strip("[]"): body for title, body in re.findall(r"## `(\S+)`\n(.*?)(?=\n## |\Z)", text, re.DOTALL)
    }
    for section in msgspec.structs.fields(LineFile):
        kind = section.type
        while args := get_args(kind):  # of Annotated, and of a tuple
            kind = args[0]
        missing = [f.name for f in msgspec.structs.fields(kind) if f"| `{f.name}` |" not in sections[section.name]]
        assert missing == []
