"""docs/security.md names the test that attacks each threat: it must be there."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

TESTS = Path(__file__).parents[1]
NAMED = re.compile(r"`(?P<file>[\w/]+\.py)?(?:::(?P<test>\w+))?`")


def test_every_threat_names_tests_that_there_are() -> None:
    lines = (TESTS.parent / "docs" / "security.md").read_text().splitlines()
    heads = {above for above, line in pairwise(lines) if line.startswith("| ---")}
    rows = [each for each in lines if each.startswith("| ") and not each.startswith("| ---")]
    rows = [row for row in rows if row not in heads]
    assert len(rows) > 30
    for row in rows:
        *_, last = row.strip("| ").split(" | ")
        named = [found for found in NAMED.finditer(last) if found[0] != "``"]
        assert named, f"no test attacks this: {row}"
        file = ""
        for found in named:
            file = found["file"] or file
            assert (TESTS / file).is_file(), f"{file} of {row}"
            if found["test"]:
                assert f"def {found['test']}(" in (TESTS / file).read_text(), found[0]
