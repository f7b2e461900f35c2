"""The secret that a demonstration makes for itself and keeps beside its data."""

from __future__ import annotations

import os
from pathlib import Path

from grandstand.errors import OperatorError
from grandstand.tokens import MIN_SECRET_BYTES


def kept(data_dir: Path) -> str | None:
    """Return the secret of an earlier demonstration, so that its tokens stay valid; None at the
    first."""
    path = data_dir / "secret"
    try:
        secret = path.read_text("utf-8").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise OperatorError(f"{path} can't be read ({error}): give --data-dir another") from None
    if len(secret.encode()) < MIN_SECRET_BYTES:
        raise OperatorError(f"{path} holds no secret of {MIN_SECRET_BYTES} bytes: remove it")
    return secret


def keep(data_dir: Path, secret: str) -> None:
    """Write the secret where only this user can read it, unless it is there."""
    path = data_dir / "secret"
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise OperatorError(f"{path} can't be written ({error.strerror})") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret + "\n")
