"""Grandstand gives a live broadcast its audience: comments, polls, cues, locked to the picture."""

__version__ = "0.1.0"
