"""Changes of a room's settings: maps are merged deeply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` overridden by ``changes``; two maps are merged field by field."""
    whole = dict(base)
    for name, value in changes.items():
        old = whole.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            value = merged(old, value)
        whole[name] = value
    return whole
