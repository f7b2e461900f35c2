"""Open files, and what they leave to connections."""

from __future__ import annotations

import resource
import sys

import pytest
from grandstand import process_limits
from grandstand.errors import OperatorError


def test_too_few_open_files_are_the_operators_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (256, 512))
    with pytest.raises(OperatorError, match="512 open files"):
        process_limits.raise_file_limit()


def test_connections_leave_some_files_to_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (1024, 2048))
    assert process_limits.max_connections() == 1024 - process_limits.FILES_KEPT
    monkeypatch.setattr("resource.getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert process_limits.max_connections() == sys.maxsize
