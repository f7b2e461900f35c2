"""Closes connections whose tokens were revoked, in slices, so that nobody else has to wait."""

from __future__ import annotations

import asyncio

import structlog

from grandstand.edge.member import Member
from grandstand.edge.node import Node
from grandstand.wire.codes import CloseCode, RefusedError

SLICE = 500
"""Sessions checked in one turn of the loop: a quarter of a millisecond."""

log = structlog.get_logger(__name__)


class RevocationEnforcer:
    """Watches the revocations for one node's sessions."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def run(self) -> None:
        """Do so until cancelled."""
        revocations = self._node.rooms.revocations
        while True:
            await revocations.changed.wait()
            revocations.changed.clear()
            for room in list(self._node.edge_rooms.values()):
                sessions = room.sessions
                for first in range(0, len(sessions), SLICE):
                    for session in sessions[first : first + SLICE]:
                        try:
                            self._judge(session)
                        except Exception:  # one viewer's failure must not stop the others' close
                            log.exception("revocation_failed", room=room.live.room)
                    await asyncio.sleep(0)

    def _judge(self, session: Member) -> None:
        if session.identity is None:
            return
        try:
            self._node.tokens.check_revoked(session.identity)
        except RefusedError as refused:
            session.bye(CloseCode.UNAUTHORIZED, refused.message)
