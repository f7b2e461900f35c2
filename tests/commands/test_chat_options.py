"""Moments, as they are typed."""

from __future__ import annotations

import pytest
from grandstand.commands.chat_options import parse_time
from grandstand.errors import OperatorError


def test_a_moment_is_a_number_or_a_date() -> None:
    assert parse_time("1771243200000", "--at") == 1771243200000
    assert parse_time("2026-02-16T20:00:00+08:00", "--at") == 1771243200000
    assert parse_time("2026-02-16T12:00:00.5Z", "--at") == 1771243200500


@pytest.mark.parametrize("text", ["soon", "", "-5", "1e9", "20:00", "9" * 16, "9999-99-99"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(OperatorError, match="--at"):
        parse_time(text, "--at")
