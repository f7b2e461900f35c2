"""A file that an operator names for a command to read; ``-`` is standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from grandstand.errors import OperatorError


def read_text(file: str) -> str:
    """Return a file's text, without the mark (BOM) that some editors begin it with.

    Raises OperatorError if it can't be read, or isn't UTF-8.
    """
    try:
        if file == "-":
            return sys.stdin.read().removeprefix("\ufeff")
        return Path(file).read_text("utf-8-sig")
    except OSError as fault:
        raise OperatorError(f"{file} can't be read: {fault.strerror}") from None
    except UnicodeDecodeError:
        raise OperatorError(f"{file} isn't UTF-8") from None
