"""What a viewer is told of a room when it comes, comes back, or has lost its place. Pure."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from grandstand.replica.replica import Replica
from grandstand.wire.codec import encode
from grandstand.wire.framing import split
from grandstand.wire.messages import (
    MAX_SERVER_MESSAGE_BYTES,
    Durability,
    Frame,
    Resume,
    ServerMessage,
    Viewer,
    Welcome,
)


def greeting(
    room: str,
    replica: Replica,
    viewer: Viewer,
    now: int,
    viewers: int,
    durability: Durability,
    resume: Resume | None,
) -> tuple[list[ServerMessage], list[bytes]]:
    """The messages of a welcome, then the numbered frames (msgpack) that the viewer missed.

    A state too large for one message is told in several: its polls, overlays and cues follow the
    ``welcome`` in unnumbered frames. Of the comments of before it has as many as fit.
    """
    missed: list[bytes] | None = None
    if resume is not None and resume.epoch == replica.epoch:
        missed = replica.after(resume.offset)
    state = replica.state
    whole = Welcome(
        room=room,
        epoch=replica.epoch,
        offset=replica.offset,
        now=now,
        viewer=viewer,
        settings=state.settings,
        polls=[poll.public() for poll in state.polls.values()],
        overlays=list(state.overlays.values()),  # also for those behind what has expired
        cues=[cue for cue in state.cues if cue.at >= now - state.settings.max_latency],
        recent=[] if missed is not None else state.recent,
        viewers=viewers,
        recovered=missed is not None,
        durability=durability,
    )
    return _within_limits(whole, now), missed or []


def _within_limits(whole: Welcome, now: int) -> list[ServerMessage]:
    if _fits(whole):
        return [whole]
    rest: list[Frame] = []
    if not _fits(replace(whole, recent=[])):
        state = Frame(
            now=now,
            polls=whole.polls or UNSET,
            overlays=whole.overlays or UNSET,
            cues=whole.cues or UNSET,
        )
        rest = [replace(frame, head=whole.offset) for frame in split(state)]
        whole = replace(whole, polls=[], overlays=[], cues=[])
    while whole.recent and not _fits(whole):
        whole = replace(whole, recent=whole.recent[len(whole.recent) // 4 + 1 :])
    return [whole, *rest]


def _fits(welcome: Welcome) -> bool:
    # JSON is the larger of the two, but for numbers, of which there are few.
    return len(encode(welcome, "json")) <= MAX_SERVER_MESSAGE_BYTES - 1024
