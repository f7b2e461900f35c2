"""A room's settings while they are changed: maps are merged deeply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes`` put over it; a map meets a map field by field."""
    whole = dict(base)
    for name, value in changes.items():
        old = whole.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            value = merged(old, value)
        whole[name] = value
    return whole
