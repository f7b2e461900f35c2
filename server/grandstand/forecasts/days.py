"""Days as lines of input name them. Pure."""

from __future__ import annotations

from datetime import date


def day(text: str) -> str:
    """Return a day in ISO form, ``2024-06-14``. Raises ValueError for anything else."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"date {text!r} isn't a day like 2024-06-14") from None
