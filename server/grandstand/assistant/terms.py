"""What an operator says of the assistant."""

from __future__ import annotations

from dataclasses import dataclass, field

from grandstand.assistant.budget import Limits


@dataclass(frozen=True, slots=True)
class Terms:
    """Where the model is, and what may be spent; without a ``url`` there is no assistant."""

    url: str = ""
    model: str = ""
    key: str = field(default="", repr=False)
    limits: Limits = field(default_factory=Limits)
