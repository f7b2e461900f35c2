"""The operator's faults: what is wrong with a setting or a machine, and what to do about it."""

from __future__ import annotations


class OperatorError(Exception):
    """The operator's fault: one line that names the setting and says what to do.

    The command line prints it as it is, without a traceback, and exits with 1.
    """
