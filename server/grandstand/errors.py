"""An operator's errors: what is wrong with a setting or a machine, and what to do about it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class OperatorError(Exception):
    """An operator's error: one line that names the setting and says what to do.

    The command line prints it as it is, without a traceback, and exits with its ``exit_code``.
    """

    exit_code = 1


@contextmanager
def exit_on_operator_error() -> Iterator[None]:
    """End the program at an operator's error, with its line and exit code."""
    try:
        yield
    except OperatorError as fault:
        print(f"grandstand: {' '.join(str(fault).split())}", file=sys.stderr)
        sys.exit(fault.exit_code)
