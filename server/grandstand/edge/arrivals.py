"""What a room is told of those who come: its staff, and the hints of banned guests."""

from __future__ import annotations

import time
from uuid import uuid4

from grandstand.domain.ban_hints import DAY_S, DEVICE_MS, hint, network_of
from grandstand.domain.events import GuestBanned, StaffCame
from grandstand.domain.state import STAFF_KNOWN_MS, Sanction
from grandstand.edge.member import Member
from grandstand.replica.room import LiveRoom

DAY_MS = 86_400_000
HOLD_ADDRESS_MS = 900_000
"""How long comments of new guests from a banned guest's address are held: a campus has one address
too."""


class Arrivals:
    """Tells one room of those who come to it here."""

    def __init__(self, live: LiveRoom, hold_address_ms: int) -> None:
        self._live = live
        self._hold_address_ms = hold_address_ms

    def note_staff(self, session: Member) -> None:
        """Tell the room which of its staff is here, once a day."""
        identity, now = session.identity, self._live.now()
        if identity is None or identity.role == "viewer":
            return
        known = self._live.replica.state.staff.get(session.user)
        day = now // DAY_MS
        if (
            known is None
            or (known.role, known.name) != (identity.role, identity.name)
            or (known.until - STAFF_KNOWN_MS) // DAY_MS < day
        ):
            self._live.note(StaffCame(uuid4().hex, session.user, identity.role, identity.name))

    def note_banned(self, session: Member, sanction: Sanction) -> None:
        """Send the room the hints of a banned guest, unless it has them."""
        identity, now = session.identity, self._live.now()
        if identity is None or not identity.guest:
            return
        ends = sanction.until or now + DEVICE_MS
        left = {identity.device: min(ends, now + DEVICE_MS)} if identity.device else {}
        address = network_of(session.outlet.peer)
        if address and self._hold_address_ms:
            day = int(time.time() // DAY_S)
            name = hint("address", address, self._live.salt, day)
            left[name] = min(ends, now + self._hold_address_ms)
        known = self._live.replica.state.hints
        fresh = {name: until for name, until in left.items() if name not in known}
        if fresh:
            self._live.note(GuestBanned(uuid4().hex, session.user, fresh))
