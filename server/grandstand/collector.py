"""Python's garbage collector, which finds nothing while a program starts, and takes a tenth of that
time to look."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def starting() -> Iterator[None]:
    """Let what is imported and made inside the block be, now and later: it stays until the end."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
