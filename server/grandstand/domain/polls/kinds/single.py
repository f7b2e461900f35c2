"""One choice; most votes win."""

from __future__ import annotations

from grandstand.domain.polls.kinds.kind import Kind

KIND = Kind(name="single")
