"""What a viewer or a subscriber gets when it comes, comes back, or has lost its position. Pure.

Theory of operation: between two commits the welcomes of a room differ only in the viewer, the time
and the count of viewers, until a cue becomes too old. The first welcome encodes the large parts,
and finds out whether they fit into one message. The others reuse that. Else 50 comments would be
encoded twice for each viewer of a crowd that comes back.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from grandstand.domain.polls import views
from grandstand.replica.publication import FeedEvent, Publication
from grandstand.replica.replica import Replica
from grandstand.wire import program
from grandstand.wire.codec import Codec, encode, raw
from grandstand.wire.frame_splitting import split, translation_frames
from grandstand.wire.messages import (
    MAX_SERVER_MESSAGE_BYTES,
    Cue,
    Durability,
    Frame,
    Overlay,
    Poll,
    Resume,
    ServerMessage,
    Viewer,
    Welcome,
)
from grandstand.wire.translations import Translations, joined

TABLES = ("polls", "overlays", "cues")
LARGE = ("settings", *TABLES, "recent")

RESET_MS = 100
"""For so long all who begin anew get the same bytes, if the room stays as it is."""

Tables = tuple[list[Poll], list[Overlay], list[Cue]]

Kind = tuple[Codec, bool, int, bool, str | None, int | None]
"""What decides a welcome's large parts: codec, whether it is recovered, how many cues, whether it
is for staff, its language, and the frame since which translations are wanted."""


class Greeter:
    """Welcomes the viewers of one room."""

    def __init__(self, room: str) -> None:
        self._room = room
        self._commit: tuple[Replica, int] | None = None
        self._encoded: dict[Kind, tuple[dict[str, Any], list[Frame], list[Publication]]] = {}
        self._cut: dict[tuple[Codec, bool], tuple[Tables, list[Frame]]] = {}

    def greet(
        self,
        replica: Replica,
        viewer: Viewer,
        now: int,
        viewers: int,
        durability: Durability,
        resume: Resume | None,
        codec: Codec,
        lang: str | None = None,
    ) -> tuple[list[bytes], list[Publication] | None]:
        """Return the messages of a welcome, encoded, then the numbered frames that the viewer
        missed; None if it isn't recovered.

        A state too large for one message is sent in several: its polls, overlays and cues follow
        the ``welcome`` in unnumbered frames. Of the earlier comments it has as many as fit. Staff
        also get what is set for later. With ``lang`` the ``welcome`` has translations of its own
        content and of what the viewer missed; if it has no place for them, unnumbered frames behind
        all others have them.
        """
        missed: list[Publication] | None = None
        if resume is not None and resume.epoch == replica.epoch:
            missed = replica.after(resume.offset)
        if self._commit is None or self._commit[0] is not replica or self._commit[1] != replica.seq:
            self._commit = (replica, replica.seq)
            self._encoded.clear()
        state, recovered = replica.state, missed is not None
        is_staff = viewer.role != "viewer"
        cues = _fresh_cues(replica, now)
        since = None if missed is None else _rounded(replica.offset, len(missed))
        kind = (codec, recovered, len(cues), is_staff, lang, since if lang else None)

        def welcome(parts: dict[str, Any]) -> Welcome:
            return Welcome(
                room=self._room,
                epoch=replica.epoch,
                offset=replica.offset,
                now=now,
                viewer=viewer,
                viewers=viewers,
                recovered=recovered,
                durability=durability,
                **parts,
            )

        encoded = self._encoded.get(kind)
        if encoded is None:
            polls = state.polls.values()
            whole = welcome(
                {
                    "settings": state.settings,
                    "polls": [
                        views.for_viewers(poll) for poll in polls if poll.announced or is_staff
                    ],
                    "overlays": list(state.overlays.values()),  # also behind its end
                    "cues": [*cues, *state.cues_ahead.values()] if is_staff else cues,
                    "recent": [] if recovered else state.recent,
                }
            )
            first, rest = self._within_limits(whole, codec, is_staff)
            late: list[Publication] = []
            if lang is not None:
                first, frames = _translated(first, replica, lang, since)
                if recovered:  # they name what came in the frames that were missed
                    late = [Publication.of(frame) for frame in frames]
                else:
                    rest = [*rest, *frames]
            parts = {name: raw(getattr(first, name), codec) for name in LARGE}
            if first.translations is not UNSET:
                parts["translations"] = raw(first.translations, codec)
            encoded = self._encoded[kind] = parts, rest, late
        parts, rest, late = encoded
        frames = [replace(frame, now=now, head=replica.offset) for frame in rest]
        messages: list[ServerMessage] = [welcome(parts), *frames]
        payloads = [encode(message, codec) for message in messages]
        return payloads, None if missed is None else [*missed, *late]

    def _within_limits(
        self, whole: Welcome, codec: Codec, is_staff: bool
    ) -> tuple[Welcome, list[Frame]]:
        """Return what of ``whole`` fits into one message, and frames with the tables that don't,
        encoded but for their times.

        The tables change far less often than a room's comments, and to cut 1 MB takes 20 ms.
        """
        tables = (whole.polls, whole.overlays, whole.cues)
        known, rest = self._cut.get((codec, is_staff), (None, []))
        if known != tables:
            rest = []
            if not _fits(replace(whole, recent=[])):
                state = Frame(
                    now=whole.now,
                    polls=whole.polls or UNSET,
                    overlays=whole.overlays or UNSET,
                    cues=whole.cues or UNSET,
                )
                rest = [_encoded(frame, codec) for frame in split(state)]
            self._cut[codec, is_staff] = tables, rest
        if rest:
            whole = replace(whole, polls=[], overlays=[], cues=[])
        while whole.recent and not _fits(whole):
            whole = replace(whole, recent=whole.recent[len(whole.recent) // 4 + 1 :])
        return whole, rest


class Resets:
    """Makes the event with which subscribers of one room's programme feed begin anew."""

    def __init__(self, room: str) -> None:
        self._room = room
        self._made: tuple[Replica, int, int, FeedEvent] | None = None

    def event(self, replica: Replica, now: int) -> FeedEvent:
        """Return the event with the state of ``replica``, as viewers know it."""
        made = self._made
        if made is None or made[0] is not replica or made[1] != replica.seq or now >= made[2]:
            event = FeedEvent(program.reset(self._state(replica, now)))
            made = self._made = (replica, replica.seq, now + RESET_MS, event)
        return made[3]

    def _state(self, replica: Replica, now: int) -> program.ProgramState:
        state = replica.state
        return program.ProgramState(
            room=self._room,
            epoch=replica.epoch,
            offset=replica.offset,
            now=now,
            settings=state.settings,
            polls=[views.for_viewers(poll) for poll in state.polls.values() if poll.announced],
            overlays=list(state.overlays.values()),
            cues=_fresh_cues(replica, now),
        )


def _fresh_cues(replica: Replica, now: int) -> list[Cue]:
    oldest = now - replica.state.settings.max_latency
    return [cue for cue in replica.state.cues if cue.at >= oldest]


def _rounded(offset: int, missed: int) -> int:
    """Return an offset up to which a viewer surely has all frames, if it missed so many; few of
    them, so that a crowd that comes back shares its translations."""
    return offset - (1 << (missed - 1).bit_length() if missed > 1 else missed)


def _translated(
    welcome: Welcome, replica: Replica, lang: str, since: int | None
) -> tuple[Welcome, list[Frame]]:
    """Return the welcome with translations of its content and of what came since frame ``since``;
    without them, and unnumbered frames that have them, if they have no place in it."""
    if since is None:
        shown = {comment.id for comment in welcome.recent}
        comments = replica.translations.comments(lang).comments
        came = Translations(lang, [each for each in comments if each.id in shown])
    else:
        came = replica.translations.after(lang, since)
    known = replica.state.translations.get(lang)
    whole = joined(lang, [came] if known is None else [came, known])
    if not whole:
        return welcome, []
    translated = replace(welcome, translations=whole)
    if _fits(translated):
        return translated, []
    return welcome, translation_frames(welcome.now, whole)


def _encoded(frame: Frame, codec: Codec) -> Frame:
    there = {name: getattr(frame, name) for name in TABLES}
    return replace(
        frame, **{name: raw(table, codec) for name, table in there.items() if table is not UNSET}
    )


def _fits(welcome: Welcome) -> bool:
    # JSON is the larger of the two, but for numbers, of which there are few. What is left over is
    # more than the names of two viewers can differ by.
    return len(encode(welcome, "json")) <= MAX_SERVER_MESSAGE_BYTES - 1024
