"""The garbage collector looks at nothing that a start makes, and at everything after it."""

from __future__ import annotations

import gc
import weakref

import pytest
from grandstand.collector import starting


class Cycle:
    """Refers to itself, so that only the collector can free it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_a_start_makes_is_let_be_and_what_comes_later_is_not() -> None:
    frozen = gc.get_freeze_count()
    with starting():
        assert not gc.isenabled()
        made = [Cycle()]
    assert gc.isenabled()
    assert gc.get_freeze_count() > frozen
    assert not any(each is made[0] for each in gc.get_objects())
    later = weakref.ref(Cycle())
    gc.collect()
    assert later() is None


def test_a_start_that_fails_leaves_the_collector_at_work() -> None:
    with pytest.raises(KeyError, match="missing"), starting():
        raise KeyError("missing")
    assert gc.isenabled()
