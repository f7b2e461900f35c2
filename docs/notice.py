"""The licences of everything that is installed with Grandstand: ``make notice``.

Read from the metadata of what is installed, so it names the versions that were there.
"""

from __future__ import annotations

import json
import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from grandstand import resources
from grandstand.pages import LIBRARIES

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def main() -> None:
    """Print the notice as Markdown."""
    print("# Third-party software\n")
    print("What Grandstand is installed with. Made by `make notice`.\n")
    print("| package | version | licence | from |")
    print("| --- | --- | --- | --- |")
    for name, found in sorted(needed("grandstand").items()):
        print(f"| {name} | {found.version} | {licence(found)} | {home(found)} |")
    print("\nFor browsers; a wheel of Grandstand carries them, each with its licence:\n")
    print("| package | version | licence | from |")
    print("| --- | --- | --- | --- |")
    for name in sorted({each.partition("/dist")[0].removesuffix("/hooks") for each in LIBRARIES}):
        told = json.loads((resources.pages() / "node_modules" / name / "package.json").read_text())
        print(f"| {name} | {told['version']} | {told['license']} | {told.get('homepage', '')} |")


def needed(root: str) -> dict[str, Distribution]:
    """Everything that ``root`` needs, and that needs, as far as it is installed here."""
    known: dict[str, Distribution] = {}
    waiting = requirements(distribution(root))
    while waiting:
        name = waiting.pop()
        if name in known:
            continue
        try:
            known[name] = distribution(name)
        except PackageNotFoundError:  # for another platform or an older Python
            continue
        waiting += requirements(known[name])
    return known


def requirements(found: Distribution) -> list[str]:
    """Names of what a distribution needs by itself; what only its extras need is left out."""
    names = []
    for line in found.requires or ():
        requirement, _, marker = line.partition(";")
        match = _NAME.match(requirement)
        if match is not None and "extra" not in marker:
            names.append(re.sub(r"[-_.]+", "-", match[0]).lower())
    return names


def licence(found: Distribution) -> str:
    """Its SPDX expression; of older packages the classifier, or the first line of what they say."""
    told = found.metadata
    if "License-Expression" in told:
        return str(told["License-Expression"])
    kinds = [
        each.rpartition(" :: ")[2]
        for each in told.get_all("Classifier", [])
        if each.startswith("License :: ") and not each.endswith("OSI Approved")
    ]
    if kinds:
        return ", ".join(kinds)
    words = str(told["License"]) if "License" in told else ""
    return words.strip().split("\n", 1)[0] or "not told"


def home(found: Distribution) -> str:
    """Where it comes from."""
    links = dict(
        each.split(", ", 1) for each in found.metadata.get_all("Project-URL", []) if ", " in each
    )
    for label in ("Source", "Source Code", "Repository", "Homepage", "homepage"):
        if label in links:
            return str(links[label])
    if "Home-page" in found.metadata:
        return str(found.metadata["Home-page"])
    return str(next(iter(links.values()), ""))


if __name__ == "__main__":
    main()
