"""The events that have all forgotten that a viewer said (``domain.events``)."""

from __future__ import annotations

from msgspec import Struct


class ViewerErased(Struct, frozen=True, tag="erase"):
    """A producer has all forgotten that a viewer said."""

    id: str
    user: str


class CommentsErased(Struct, frozen=True, tag="erase comments"):
    """Shown comments of a viewer who is erased are taken back."""

    id: str
    comments: list[str]


class ErasureEnded(Struct, frozen=True, tag="erased"):
    """Nothing is left of what a viewer said until the erasure of ``at`` (programme time, ms)."""

    id: str
    user: str
    at: int
