"""What Grandstand's cost per viewer is measured beside: other servers, and the kernel's own floor.

A file each, told apart by name in ``lineup``; ``programs`` holds what some of them run.
"""
