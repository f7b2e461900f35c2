"""The operator's faults: what is wrong with a setting or a machine, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class OperatorError(Exception):
    """The operator's fault: one line that names the setting and says what to do.

    The command line prints it as it is, without a traceback, and exits with 1.
    """


@contextmanager
def exit_on_operator_error() -> Iterator[None]:
    """For what a program does as a whole: an operator's fault ends it with its line and 1."""
    try:
        yield
    except OperatorError as fault:
        print(f"grandstand: {' '.join(str(fault).split())}", file=sys.stderr)
        sys.exit(1)
