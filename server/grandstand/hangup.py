"""SIGHUP, and the terminal from which a server was started."""

from __future__ import annotations

import os
import signal


class Hangup:
    """What SIGHUP means: to check for a new model, or that the terminal was closed."""

    def __init__(self) -> None:
        is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # by nohup
        self._had_terminal = _has_terminal() and not is_ignored

    @property
    def is_real(self) -> bool:
        """Return whether the terminal from which the process was started is gone."""
        return self._had_terminal and not _has_terminal()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
