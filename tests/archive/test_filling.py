"""A disk that is really full, and really read-only."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_what_does_not_fit_leaves_nothing_and_what_is_there_stays(tmp_path: Path) -> None:
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable]
    done = subprocess.run(
        [*command, "-m", "tests.archive.filling", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    full, halves, kept, read_only, is_read = json.loads(done.stdout.splitlines()[-1])
    assert (full, read_only) == ("No space left on device", "Read-only file system")
    assert (halves, kept, is_read) == ([], [True], True)
