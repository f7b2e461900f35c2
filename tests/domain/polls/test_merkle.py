from __future__ import annotations

import hashlib

import pytest
from grandstand.domain.polls import merkle
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.polls import recounting

hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=70)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=70))
def test_the_root_is_the_one_of_the_contract(contents: list[bytes]) -> None:
    leaves = [(content, b"") for content in contents]
    lowest = merkle.leaf_hashes(contents)
    assert merkle.root_of(lowest) == recounting.root_of(leaves)


@given(hashes.filter(bool), st.data())
def test_every_path_leads_to_the_root(lowest: list[bytes], data: st.DataObject) -> None:
    levels = merkle.levels_of(b"".join(lowest))
    at = data.draw(st.integers(0, len(lowest) - 1))
    path = merkle.path_in(levels, at)
    assert merkle.climbed(lowest[at], path) == levels[-1]
    assert len(path) <= (len(lowest) - 1).bit_length()


@given(hashes.filter(bool), st.data())
def test_no_other_leaf_leads_there(lowest: list[bytes], data: st.DataObject) -> None:
    levels = merkle.levels_of(b"".join(lowest))
    at = data.draw(st.integers(0, len(lowest) - 1))
    other = data.draw(st.binary(min_size=32, max_size=32).filter(lambda each: each != lowest[at]))
    assert merkle.climbed(other, merkle.path_in(levels, at)) != levels[-1]


@given(hashes, st.integers(0, 4))
def test_the_tree_over_a_block_is_a_node_of_the_whole(lowest: list[bytes], height: int) -> None:
    size = 2**height
    blocks = [b"".join(lowest[at : at + size]) for at in range(0, len(lowest), size)]
    roots = b"".join(map(merkle.root_of, blocks))
    assert merkle.root_of(roots) == merkle.root_of(b"".join(lowest))


def test_nothing_has_the_hash_of_nothing_for_a_root() -> None:
    assert merkle.root_of(b"") == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("content", [b"", b"\x01", b"x" * 64])
def test_a_leaf_is_never_taken_for_a_node(content: bytes) -> None:
    assert merkle.leaf_hashes([content]) != hashlib.sha256(b"\x01" + content).digest()
