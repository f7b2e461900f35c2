"""What an operator says of translation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grandstand.assistant.budget import Limits
from grandstand.translation.spec import Spec


@dataclass(frozen=True, slots=True)
class Terms:
    """Which engines in which order, their keys by kind, where phrases lie, and what may be
    spent."""

    specs: tuple[Spec, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: Path | None = None
    limits: Limits = field(default_factory=Limits)
