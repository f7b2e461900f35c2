"""What a ``Connection`` answers with: first what a shell must do, then what has happened. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from grandstand.client.backoff import End
from grandstand.wire.messages import ServerMessage


@dataclass(frozen=True, slots=True)
class AskToken:
    """Get a token; then ``token_given`` or ``token_refused``."""


@dataclass(frozen=True, slots=True)
class Open:
    """Connect to the address; then ``connected`` or ``disconnected``."""


@dataclass(frozen=True, slots=True)
class Write:
    """Write to the connection."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Drop:
    """Let go of the connection, once what was written has left; don't wait for the peer."""


@dataclass(frozen=True, slots=True)
class Upgraded:
    """The socket is open, and ``hello`` on its way."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message. ``is_replayed``: the state of the last welcome holds this frame already."""

    message: ServerMessage
    is_replayed: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Frames are missing."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection is gone; the client comes back by itself."""

    end: End


@dataclass(frozen=True, slots=True)
class Ended:
    """The connection is gone for good."""

    end: End


Effect = AskToken | Open | Write | Drop | Upgraded | Received | Gap | Lost | Ended
