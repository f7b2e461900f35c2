from __future__ import annotations

import pytest

from loadtest.attacks import target as targets
from loadtest.attacks.target import until_at_rest
from loadtest.bench.grandstand import Grandstand


class Scripted(Grandstand):
    """A server whose gauge says these, one after the other, and then the last for ever."""

    def __init__(self, *held: float) -> None:
        super().__init__(("127.0.0.1", 1), [], "a secret of thirty-two bytes or more")
        self.held = list(held)

    def metric(self, name: str) -> float:
        assert name == "grandstand_leases_held"
        return self.held.pop(0) if len(self.held) > 1 else self.held[0]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "REST_LOOK_S", 0)


def test_rooms_that_nobody_sequences_yet_are_not_at_rest() -> None:
    server = Scripted(0, 0, 3, 2, 0, 7)
    until_at_rest(server)
    assert server.held == [7]


def test_rooms_that_never_rest_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "REST_WITHIN_S", -1)
    with pytest.raises(OSError, match="rooms aren't at rest"):
        until_at_rest(Scripted(3))
