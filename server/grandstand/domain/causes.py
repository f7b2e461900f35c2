"""What decided against a comment, as its author is told: a rule, or a model. Pure."""

from __future__ import annotations

from msgspec import UNSET

from grandstand.wire.messages import HeldComment, Notice

RULE = "rule "
"""How the reason of a word rule begins."""


def cause(category: str, reason: str, model: str) -> tuple[str, str]:
    """Return the rule that decided, else the model, of what moderation took for a category; both
    are "" where it took it for none."""
    if reason.startswith(RULE):
        return reason.removeprefix(RULE), ""
    return "", model if category else ""


def turned_away(held: HeldComment, words: str, by: str = "") -> Notice:
    """Return what the author of a held comment is told; ``by`` wrote the words, if they aren't the
    usual ones: ``person``, or a model by its name."""
    category = held.categories[0] if held.categories else ""
    rule, model = cause(category, held.reason, held.model)
    return Notice(
        "rejected",
        words,
        held.id,
        category=category or UNSET,
        rule=rule or UNSET,
        model=model or UNSET,
        by=by or UNSET,
    )


def may_appeal(held: HeldComment) -> bool:
    """Return whether its author may ask a moderator again: not about an answer to an appeal."""
    return held.appeal is UNSET
