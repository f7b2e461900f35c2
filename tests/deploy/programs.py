"""Programs of others that these tests run: what is deployed is tried with the real ones."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PACKAGES = {
    "docker-compose": "docker-compose",
    "haproxy": "haproxy",
    "prometheus": "prometheus",
    "promtool": "prometheus",
}
"""The Debian package that each comes in."""


def program(name: str) -> str:
    """Its path. Fails the test if it isn't installed, and says what to do."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found is not None, f"{name} is missing: apt-get install {PACKAGES[name]}"
    return found


def told(
    *command: str | Path, environment: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> str:
    """What a program prints, which must end well."""
    ended = run(*command, environment=environment, cwd=cwd)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def run(
    *command: str | Path, environment: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end, with ``environment`` and a path alone."""
    name, *arguments = map(str, command)
    return subprocess.run(
        [program(name), *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **(environment or {})},
        capture_output=True,
        text=True,
        timeout=60,
    )
