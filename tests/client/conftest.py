"""Viewers are seen in a crowd."""

from __future__ import annotations

from tests.demo.conftest import crowd_at

__all__ = ["crowd_at"]
