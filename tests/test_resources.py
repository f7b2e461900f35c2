"""What ships with the package is found, or its absence told."""

from __future__ import annotations

from pathlib import Path

import pytest
from grandstand import resources
from grandstand.errors import OperatorError


def test_the_pages_and_the_model_are_found() -> None:
    assert (resources.pages() / "viewer.html").is_file()
    assert resources.model().stat().st_size > 100_000


def test_what_lies_in_the_package_goes_before_the_source_tree(tmp_path: Path) -> None:
    package, source = tmp_path / "package", tmp_path / "source"
    for place in (package, source):
        (place / "client_demo").mkdir(parents=True)
        (place / "client_demo" / "viewer.html").write_text("")
    found = resources.found("client_demo", "viewer.html", (package, source))
    assert found == package / "client_demo" / "viewer.html"


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"client_demo/viewer\.html is missing"):
        resources.found("client_demo", "viewer.html", (tmp_path,))
