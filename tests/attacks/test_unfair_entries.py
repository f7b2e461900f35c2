"""One address that asks for every handshake there is: the others come in as ever.

Asserted are the answers to real connections from many addresses; the server's clock is the test's.
"""

from __future__ import annotations

from grandstand.edge.transport.handshake_limit import HandshakeLimit

from tests.edge.echo import EchoAdmission
from tests.edge.transport.test_handshake_limit import HEAD, admitting, status

PER_S = 40
FLOOD_PER_S = 2.3 * PER_S
FLOODER = "127.0.0.2"
HONEST = [f"127.0.1.{number}" for number in range(1, 32)]
SECONDS = 2


async def entries(asked: list[tuple[float, str]], head: bytes = HEAD) -> dict[str, list[int]]:
    """The statuses that each address gets; ``asked``: at which second, and by whom."""
    admission, now_s = EchoAdmission(), 0.0
    got: dict[str, list[int]] = {}
    async with admitting(admission) as port:
        admission.handshake_limit = HandshakeLimit(PER_S, now=lambda: now_s)
        for at_s, address in sorted(asked):
            now_s = at_s
            got.setdefault(address, []).append(await status(port, head, address))
    return got


def flood() -> list[tuple[float, str]]:
    return [(number / FLOOD_PER_S, FLOODER) for number in range(int(SECONDS * FLOOD_PER_S))]


async def test_beside_one_that_asks_for_2_3_times_the_rate_all_others_come_in_at_once() -> None:
    others = [
        (0.5 + (SECONDS - 0.6) * number / len(HONEST), address)
        for number, address in enumerate(HONEST)
    ]
    got = await entries([*flood(), *others])
    assert [address for address in HONEST if got[address] != [101]] == []
    rest = PER_S * (1 + SECONDS) - len(HONEST)
    assert abs(got[FLOODER].count(101) - rest) <= 3


async def test_alone_it_gets_the_whole_rate() -> None:
    got = await entries(flood())
    assert abs(got[FLOODER].count(101) - PER_S * (1 + SECONDS)) <= 2


async def test_those_who_want_nothing_are_as_bounded_as_those_who_come_in() -> None:
    got = await entries(flood(), HEAD.replace(b"Version: 13", b"Version: 12"))
    assert set(got[FLOODER]) == {400, 503}
    assert got[FLOODER].count(400) <= PER_S * (1 + SECONDS)
