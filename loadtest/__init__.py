"""The load and the measurements, from real sockets and real browsers beside the server.

``locustfile``, with ``users``, brings an audience to any server. ``bench`` measures what a viewer
costs here and at ``peers``, ``intake`` what a room takes in, ``pages`` what a browser has to do.
``crowd_simulation`` simulates what foresight saves. Viewers for numbers sit in ``seats``. ``calls``
are a producer's; ``process`` and ``spread`` say what processes use and how figures are spread;
``results`` has what was measured last.
"""
