"""Grandstand gives a live broadcast its audience: comments, polls and cues, locked to the picture."""

__version__ = "0.1.0"
