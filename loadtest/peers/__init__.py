"""What Grandstand's cost per viewer is measured beside: other servers, and the kernel's own floor.

A file each, told apart by name in ``lineup``; ``programs`` holds what some of them run. Each sends
as its own documentation shows. Where there was a choice it is the one that costs the peer less: no
deflate, no pings, no log, one core and one worker.
"""
