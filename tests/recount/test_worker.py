from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
from grandstand.recount.worker import STORE_AWAY, Order

from tests.domain.polls.examples import poll


def test_without_its_store_it_says_so_and_never_the_password(tmp_path: Path) -> None:
    order = Order(f"unix://user:hush@{tmp_path}/no.sock", "r", poll())
    ended = subprocess.run(
        [sys.executable, "-m", "grandstand.recount.worker"],
        input=msgspec.msgpack.encode(order),
        capture_output=True,
    )
    assert (ended.returncode, ended.stdout) == (STORE_AWAY, b"")
    assert b"hush" not in ended.stderr
