from __future__ import annotations

import json
from typing import Any

import pytest
from grandstand.domain.polls import merkle, recount
from grandstand.domain.polls.recount import (
    Leaf,
    LeafSorter,
    Recount,
    TreeIndex,
    leaves_of,
    packed_leaves,
    signed_message,
    tagger,
)
from grandstand.domain.signatures import SigningKey
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.polls import recounting
from tests.domain.polls.recounting import VECTORS, Votes

EXAMPLES = recounting.examples()
OPTIONS = 20
votes_of = st.dictionaries(
    st.text(min_size=1, max_size=11),
    st.tuples(st.lists(st.integers(0, OPTIONS - 1), min_size=1, unique=True), st.integers(0, 1000)),
    max_size=40,
)


def recounted(
    salt: bytes, votes: Votes, is_weighted: bool, options: int
) -> tuple[TreeIndex, Recount, list[bytes]]:
    """Counted by our own code, each vote given twice."""
    sorter = LeafSorter()
    for _ in range(2):
        said = [
            (voter.encode(), (tuple(choices), weight)) for voter, (choices, weight) in votes.items()
        ]
        sorter.add(packed_leaves(said, salt, is_weighted))
    counting, blocks = Recount(options), list[bytes]()
    for records in sorter.blocks():
        counting.add(records)
        blocks.append(b"".join(records))
    return counting.finish(), counting, blocks


def test_the_file_of_examples_is_what_the_contract_says() -> None:
    assert json.loads(VECTORS.read_text()) == EXAMPLES


@pytest.mark.parametrize("case", EXAMPLES, ids=[case["name"] for case in EXAMPLES])
def test_an_example_has_its_root_tally_leaves_paths_and_signature(case: dict[str, Any]) -> None:
    salt, audit = bytes.fromhex(case["salt"]), case["audit"]
    index, counting, blocks = recounted(salt, case["votes"], case["weights"], case["options"])
    assert index.root.hex() == audit["root"]
    assert (counting.tally, counting.voters) == (case["tally"], case["voters"])
    leaves = [leaf for block in blocks for leaf in leaves_of(block)]
    assert leaves == [
        Leaf(bytes.fromhex(each["voter"]), tuple(each["choices"]), each.get("weight"))
        for each in case["leaves"]
    ]
    for receipt in case["receipts"]:
        tag = bytes.fromhex(receipt["voter"])
        number = index.block_of(tag)
        assert number is not None
        found = index.path(tag, number, blocks[number])
        assert found is not None
        leaf, path = found
        assert [[side, other.hex()] for side, other in path] == receipt["path"]
        assert merkle.climbed(leaf.hash, path) == index.root
    key = SigningKey(bytes.fromhex(case["private"]))
    message = signed_message(case["room"], case["poll"], index.root, counting.tally)
    assert key.sign(message).hex() == audit["signature"]
    assert (key.public.kid, key.public.x) == (audit["key"], case["key"]["x"])


@given(votes_of, st.booleans(), st.binary(min_size=16, max_size=16), st.sampled_from([1, 2, 4]))
def test_whatever_was_voted_is_counted_as_the_contract_says(
    votes: Votes, is_weighted: bool, salt: bytes, block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recount, "BLOCK", block)
        patch.setattr(recount, "CONTENTS_MAX", 3)
        index, counting, blocks = recounted(salt, votes, is_weighted, OPTIONS)
    leaves = recounting.leaves_of(salt, votes, is_weighted)
    assert index.root == recounting.root_of(leaves)
    assert index.leaves == counting.voters == len(votes)
    assert counting.tally == recounting.tally_of(votes, OPTIONS, is_weighted)
    for tag, _ in leaves:
        number = index.block_of(tag)
        assert number is not None
        found = index.path(tag, number, blocks[number])
        assert found is not None
        path = [[side, other.hex()] for side, other in found[1]]
        assert path == recounting.path_of(leaves, tag)


@given(votes_of.filter(bool), st.binary(min_size=16, max_size=16))
def test_a_voter_without_a_vote_is_in_no_block(votes: Votes, tag: bytes) -> None:
    index, _, blocks = recounted(b"s" * 16, votes, False, OPTIONS)
    if any(leaf.tag == tag for block in blocks for leaf in leaves_of(block)):
        return
    number = index.block_of(tag)
    assert number is None or index.path(tag, number, blocks[number]) is None


def test_tags_tell_nothing_without_the_salt() -> None:
    assert tagger(b"a" * 16)(b"voter") != tagger(b"b" * 16)(b"voter")
    assert len(tagger(b"a" * 16)(b"voter")) == 16


def test_a_choice_that_the_poll_does_not_have_is_an_error() -> None:
    with pytest.raises(IndexError):
        recounted(b"s" * 16, {"v": ([2], 1)}, False, 2)
