"""The latest values of one room, as a viewer without vote or role was told them. Pure."""

from __future__ import annotations

from msgspec import UNSET

from grandstand.domain.state import RoomState
from grandstand.wire.codec import decode_frame
from grandstand.wire.gauges import Gauges
from grandstand.wire.messages import Tally
from grandstand.wire.segments import LatestValues


class LatestFrames:
    """What the room's unnumbered frames said last."""

    def __init__(self) -> None:
        self._gauges = Gauges()
        self._tallies: dict[str, Tally] = {}

    def take(self, payload: bytes) -> int:
        """Take the frame that everybody gets, in msgpack; return the last offset that it tells of.

        Raises what decoding raises.
        """
        frame = decode_frame(payload)
        if frame.gauges is not UNSET:
            self._gauges = frame.gauges
        if frame.tallies is not UNSET:
            self._tallies |= {tally.poll: tally for tally in frame.tallies}
        return 0 if frame.head is UNSET else frame.head

    def of(self, state: RoomState) -> LatestValues:
        """Return the gauges, and the tallies of the polls that are open and show them."""
        shown = {
            poll.id
            for poll in state.polls.values()
            if poll.status == "open" and poll.tally_is_public and poll.announced
        }
        self._tallies = {poll: tally for poll, tally in self._tallies.items() if poll in shown}
        return LatestValues(self._gauges, list(self._tallies.values()))
