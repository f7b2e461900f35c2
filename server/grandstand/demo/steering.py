"""How the audience's word reaches the stage: the room's effects, as any producer puts them. Pure.

A poll with the tag ``next-song`` steers. When it opens, the mixer is told to call for votes. When
its result is final, one effect for each option that may have won tells it what to take, and one
what to do about a tie.
"""

from __future__ import annotations

from typing import Any

TAG = "next-song"
CHOICES = 4
"""As many options as there are effects for."""

OPTIONS_MAX = 20
"""Of a poll: all of them may be in a tie."""


def effects(mixer: str, key: str) -> dict[str, dict[str, Any]]:
    """Return the effects by their ids; ``mixer`` is the mixer's URL, ``key`` opens it."""
    songs, all_songs = (_list("{{options.{}}}", count) for count in (CHOICES, OPTIONS_MAX))
    cast = _list("{{options.{}.votes}}", OPTIONS_MAX)
    put = {
        f"{TAG}-call": _effect(
            "Say on the screen who chooses",
            {"event": "poll.opened"},
            _order(mixer, key, "call", f'{{"songs": {songs}}}'),
        ),
        f"{TAG}-tie": _effect(
            "A tie: draw lots",
            {"event": "poll.closed", "winner": "tie"},
            _order(
                *(mixer, key, "draw"),
                f'{{"songs": {all_songs}, "cast": {cast}, "votes": {{winner.votes}}}}',
            ),
        ),
    }
    for index in range(CHOICES):
        song = f'{{"song": "{{options.{index}}}", "votes": {{winner.votes}}, '
        put[f"{TAG}-{index + 1}"] = _effect(
            f"Option {index + 1} won: play it",
            {"event": "poll.closed", "winner": index},
            _order(mixer, key, "take", song + '"percent": {winner.percent}}'),
        )
    return put


def _list(name: str, count: int) -> str:
    """Return a JSON list of what the options' templates stand for."""
    named = ", ".join(f'"{name.format(index)}"' for index in range(count))
    return f"[{named}]"


def _effect(title: str, on: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "on": {**on, "tag": TAG}, "then": [then]}


def _order(mixer: str, key: str, order: str, body: str) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    return {
        "kind": "http",
        "method": "POST",
        "url": f"{mixer}/{order}",
        "headers": headers,
        "body": body,
    }
