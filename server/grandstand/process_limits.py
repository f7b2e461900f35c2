"""The number of open files, and so of connections, that a process may have."""

from __future__ import annotations

import contextlib
import resource
import sys

from grandstand.errors import OperatorError

FILES_MIN = 1024
"""Open files without which not even a small room fits; the soft limit is raised to the hard one."""

FILES_KEPT = 100
"""Open files that connections leave to the store, the model and what is read from disk."""


def raise_file_limit() -> None:
    """Raise the limit of open files as far as possible. Raises OperatorError if that is too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES_MIN:
        raise OperatorError(
            f"only {hard} open files are allowed, one per viewer: raise it (ulimit -n 65536)"
        )
    wanted = 1_048_576 if hard == resource.RLIM_INFINITY else hard
    if soft < wanted:
        with contextlib.suppress(ValueError):  # the system caps it below: what is there stays
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def max_connections() -> int:
    """Return how many connections the limit of open files leaves room for."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else max(1, soft - FILES_KEPT)
