"""The documents for people: decisions have their form, and paths that documents name exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
LISTS = ["What nobody notices", "What was turned down"]


def test_decisions_are_numbered_dated_and_have_a_state() -> None:
    sections = re.split(r"^## ", (ROOT / "docs/decisions.md").read_text(), flags=re.MULTILINE)[1:]
    heads = [section.splitlines() for section in sections]
    assert [lines[0] for lines in heads[-len(LISTS) :]] == LISTS
    last = len(heads) - len(LISTS)
    for number, lines in enumerate(heads[:last], 1):
        assert re.fullmatch(rf"{number}\. \S.*", lines[0]), f"expected decision {number}"
        state = re.fullmatch(r"\*\d{4}-\d\d-\d\d, (?:in force|replaced by (\d+))\*", lines[1])
        assert state, f"decision {number}: *YYYY-MM-DD, in force* or *…, replaced by N*"
        assert state[1] is None or number < int(state[1]) <= last


def test_commands_in_documents_name_users_that_locust_finds() -> None:
    source = (ROOT / "loadtest/locustfile.py").read_text()
    found = re.search(r"^__all__ = \[(.+)\]", source, re.MULTILINE)
    assert found is not None
    users = set(re.findall(r'"(\w+)"', found[1]))
    named = []
    for document in ("README.md", "docs/load.md"):
        commands = re.findall(r"--headless [^`\n#]+", (ROOT / document).read_text())
        assert commands
        named += [word for each in commands for word in re.findall(r"(?<= )[A-Z]\w+", each)]
    assert set(named) <= users
