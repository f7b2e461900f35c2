"""The rules that are shipped, read once for all tests of a process: that takes 0.3 s."""

from __future__ import annotations

from grandstand.moderation.word_rules import Rules

RULES = Rules.load()
