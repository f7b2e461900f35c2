"""One message in the forms in which viewers get it, each made at most once, when first asked for.

The sequencer publishes msgpack; what JSON viewers get is derived here, what viewers with deflate
get is compressed here: once per node and frame, however many viewers.
"""

from __future__ import annotations

from functools import cached_property

from grandstand.wire import frames
from grandstand.wire.codec import decode_frame, encode
from grandstand.wire.messages import Frame, Notice

DEFLATE_FROM_BYTES = 128
"""Below this deflate saves less than a packet's worth, and costs the viewer an inflation."""


class Publication:
    """A message of the room's as ready WebSocket frames."""

    def __init__(self, payload: bytes, message: Frame | Notice | None = None) -> None:
        """``payload`` is the message in msgpack; without ``message`` it is a frame."""
        self.payload = payload
        self._message = message

    @classmethod
    def of(cls, message: Frame | Notice) -> Publication:
        """Return the publication of a message that is made here."""
        return cls(encode(message, "msgpack"), message)

    def ready(self, is_text: bool, deflates: bool) -> bytes:
        """The bytes to write to a viewer of this kind."""
        if deflates and len(self.payload) >= DEFLATE_FROM_BYTES:
            return self._json_deflated if is_text else self._msgpack_deflated
        return self._json if is_text else self._msgpack

    @cached_property
    def _json_payload(self) -> bytes:
        return encode(self._message or decode_frame(self.payload), "json")

    @cached_property
    def _msgpack(self) -> bytes:
        return frames.plain(self.payload, text=False)

    @cached_property
    def _msgpack_deflated(self) -> bytes:
        return frames.deflated(self.payload, text=False)

    @cached_property
    def _json(self) -> bytes:
        return frames.plain(self._json_payload, text=True)

    @cached_property
    def _json_deflated(self) -> bytes:
        return frames.deflated(self._json_payload, text=True)
