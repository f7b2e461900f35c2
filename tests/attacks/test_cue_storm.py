"""A producer's script that goes wild: a thousand cues within a second or so."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from grandstand.sequencer.draft import PACE

from tests.server import Answer, ServerProcess
from tests.viewer import viewing

STORM = 1000
AT_ONCE = 100


async def test_a_storm_of_cues_is_limited_and_told_and_polls_go_on(
    shared_server: ServerProcess, room: str
) -> None:
    server = shared_server
    server.make_room(room, tick=100)
    base, token = f"/v1/rooms/{room}", server.producer_token
    body = {"kind": "single", "question": "?", "options": ["a", "b"], "duration": 600}
    poll = await server.produce("POST", f"{base}/polls", body)

    def storm(number: int) -> Answer:
        return server.call("POST", f"{base}/cues", {"name": f"cue {number}"}, token)

    async with viewing(server.url, room, server.token("ann"), comes_back=False) as ann:
        began_s = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            loop = asyncio.get_running_loop()
            answers = [loop.run_in_executor(threads, storm, number) for number in range(STORM)]
            await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
            closing = await server.ask("POST", f"{base}/polls/{poll['id']}/close", {}, token)
            told = await asyncio.gather(*answers)
        took_s = time.monotonic() - began_s
        assert closing.status == 200
        counts = Counter(each.status for each in told)
        most = PACE.burst + (took_s + 1) * 1000 / PACE.interval_ms
        assert counts.keys() == {201, 429}
        assert PACE.burst <= counts[201] <= most
        refused = [each for each in told if each.status == 429]
        assert {each.json["code"] for each in refused} == {"rate_limited"}
        assert all(int(each.headers["retry-after"]) >= 1 for each in refused)
        await ann.comment("still here")
        await ann.seen("still here")
        assert len(ann.picture.cues) == counts[201]
