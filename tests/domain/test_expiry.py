from __future__ import annotations

from grandstand.domain.ban_hints import Hint
from grandstand.domain.expiry import forget_first, forget_over


def test_what_is_over_is_dropped_and_nothing_else() -> None:
    changes: dict[str, Hint | None] = {"new": Hint("ada", 3)}
    forget_over({"over": Hint("ada", 5), "on": Hint("bo", 6)}, changes, 5)
    assert changes == {"new": Hint("ada", 3), "over": None}


def test_of_too_many_those_that_end_first_are_dropped() -> None:
    known = {f"h{n}": Hint("ada", n) for n in range(4)}
    changes: dict[str, Hint | None] = {"h3": None, "new": Hint("bo", 1)}
    forget_first(known, changes, 4)
    assert changes == {"h3": None, "new": Hint("bo", 1)}
    forget_first(known, changes, 2)
    assert changes == {"h3": None, "new": Hint("bo", 1), "h0": None, "h1": None}
