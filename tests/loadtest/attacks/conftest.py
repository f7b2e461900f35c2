from __future__ import annotations

from collections.abc import Iterator

import pytest

from loadtest.attacks.target import Target, target


@pytest.fixture(scope="session")
def attacked() -> Iterator[Target]:
    """A server for attacks that leave it as it was."""
    with target({}, {}, ()) as there:
        yield there
