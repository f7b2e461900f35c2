"""The programme feed: what happens in a show, for programs that follow it.

It must not know how the feed goes on once it has begun: the edge does that.
"""

from __future__ import annotations

from starlette.responses import Response

from grandstand.api.operations import Call


async def get(call: Call) -> Response:
    """Return the show as server-sent events.

    Events are `poll`, `tally`, `cue`, `overlay`, `drop` and `settings`; their data are JSON, as in
    the frames of the socket. The last event of a frame has an `id`; with the header `Last-Event-ID`
    the feed goes on after it. A feed that can't go on, and one without that header, begins with a
    `reset`, whose data are a `ProgramState`. A comment line comes every 10 s.
    """
    return call.api.feeds.open(call.request, call.live, call.identity)
