"""Lurkers for numbers: viewers without a socket, who ask for segments over HTTP.

They know neither locust nor gevent nor asyncio. ``lurker`` decides what one asks and when, ``show``
reads what all are answered, ``answers`` cuts HTTP, and ``lurker_pool`` has the sockets.
"""
