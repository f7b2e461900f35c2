"""Viewers for numbers, thousands of them to a process: raw sockets, counted and not looked at.

A ``pool`` has the seats and their epoll; ``dialects`` say what to talk to which server, in
``client_frames``, and ``chunks`` that what all are sent is understood once. ``pace`` is how fast
they come, over ``sockets``, and ``counts`` what comes of it. Load and benchmark sit in them.
"""
