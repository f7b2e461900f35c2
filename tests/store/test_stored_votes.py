from __future__ import annotations

import pytest
from grandstand.store.stored_votes import stored_text, votes_of


@pytest.mark.parametrize("vote", [((0,), 1), ((2, 10, 1), 1), ((3,), 0), ((3, 1), 1000)])
def test_a_vote_is_read_as_it_was_stored_whatever_was_before_it(
    vote: tuple[tuple[int, ...], int],
) -> None:
    for earlier in ("", "|id0", "|id0|id-1"):
        field = f"id|{stored_text(*vote)}{earlier}".encode()
        assert votes_of({b"ada": field}) == [(b"ada", vote)]


@pytest.mark.parametrize("field", [b"", b"x", b"x|", b"x|a", b"x|1*", b"x|,1", b"x|1*2*3"])
def test_what_is_no_stored_vote_is_refused(field: bytes) -> None:
    with pytest.raises(ValueError, match="no vote"):
        votes_of({b"ada": field})
