from __future__ import annotations

import pytest
from grandstand.errors import OperatorError
from grandstand.store.topology.address import Address, ClusterAddress


def test_hosts_have_ports_and_may_be_addresses_of_either_kind() -> None:
    address = ClusterAddress.of("redis+cluster://a:1,10.0.0.1,[::1]:7/0")
    assert address.seeds == (Address("a", 1), Address("10.0.0.1", 6379), Address("::1", 7))
    assert [address.url_of(each) for each in address.seeds] == [
        "redis://a:1",
        "redis://10.0.0.1:6379",
        "redis://[::1]:7",
    ]


def test_credentials_and_tls_are_for_every_node_and_are_not_shown() -> None:
    address = ClusterAddress.of("rediss+cluster://ada:p%40ss,w@a,b:2")
    assert address.url_of(address.seeds[1]) == "rediss://ada:p%40ss,w@b:2"
    assert "ss,w" not in repr(address)


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("", "no host"),
        ("a,,b", "no host"),
        (":word@", "no host"),
        ("a:99999", "can't be read"),
        ("a:b", "can't be read"),
        ("a,b/1", "one database"),
        ("a,b?retry=3", "no options"),
        ("a,[::1", "can't be read"),
    ],
)
def test_what_cannot_be_read_is_the_operators_fault(rest: str, words: str) -> None:
    with pytest.raises(OperatorError, match=words) as fault:
        ClusterAddress.of(f"redis+cluster://{rest}")
    assert "word@" not in str(fault.value)
