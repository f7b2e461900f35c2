from __future__ import annotations

from pathlib import Path

import pytest
from grandstand.demo import secret
from grandstand.errors import OperatorError


def test_a_secret_once_kept_is_kept_for_its_user_alone(tmp_path: Path) -> None:
    assert secret.kept(tmp_path / "new") is None
    secret.keep(tmp_path / "new", "a" * 40)
    secret.keep(tmp_path / "new", "b" * 40)
    assert secret.kept(tmp_path / "new") == "a" * 40
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o777 == 0o600


def test_what_is_too_short_to_be_a_secret_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short\n")
    with pytest.raises(OperatorError, match="remove it"):
        secret.kept(tmp_path)
