"""Published polls: good ones, and every way in which a file can have been changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgpack
import msgspec
import pytest
from grandstand.domain.polls.verification import PublishedPoll, Verdict, verify
from grandstand.domain.signatures import SigningKey
from grandstand.wire.audits import PublicKey, PublishedVote

from tests.domain.polls import recounting

EXAMPLES = {case["name"]: case for case in recounting.examples()}
CASE = EXAMPLES["an odd number"]
OTHER = bytes(range(1, 33))


def document(case: dict[str, Any]) -> dict[str, Any]:
    poll = {
        "id": case["poll"],
        "kind": "single",
        "question": "Who?",
        "options": [{"text": str(n)} for n in range(case["options"])],
        "status": "closed",
        "opens_at": 1,
        "closes_at": 2,
        "grace": 0,
        "change": False,
        "final": True,
        "max_choices": case["options"],
        "tally": list(case["tally"]),
        "voters": case["voters"],
        "weights": case["weights"],
        "audit": dict(case["audit"]),
    }
    return {"room": case["room"], "poll": poll, "keys": {"keys": [dict(case["key"])]}}


def verdict_of(
    head: dict[str, Any], leaves: list[dict[str, Any]], trusted: list[PublicKey] | None = None
) -> Verdict:
    votes = msgspec.convert(leaves, list[PublishedVote])
    return verify(msgspec.convert(head, PublishedPoll), votes, trusted)


@pytest.mark.parametrize("case", EXAMPLES.values(), ids=EXAMPLES)
@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_good_file_has_no_fault_in_whatever_order_its_lines_are(
    case: dict[str, Any], is_reversed: bool
) -> None:
    leaves = case["leaves"][::-1] if is_reversed else case["leaves"]
    verdict = verdict_of(document(case), leaves)
    assert verdict.faults == []
    assert (verdict.tally, verdict.voters) == (case["tally"], case["voters"])
    assert (verdict.root, verdict.key) == (case["audit"]["root"], case["audit"]["key"])


Tamper = Callable[[dict[str, Any], list[dict[str, Any]]], object]


def forged(head: dict[str, Any], leaves: list[dict[str, Any]]) -> None:
    """A vote changed, and all that can be made to agree without the key."""
    leaves[0]["choices"] = [1]
    packed = sorted(
        (bytes.fromhex(each["voter"]), msgpack.packb(each["choices"])) for each in leaves
    )
    head["poll"]["audit"]["root"] = recounting.root_of(packed).hex()
    head["poll"]["tally"] = [
        sum(option in each["choices"] for each in leaves) for option in range(CASE["options"])
    ]


def resigned(head: dict[str, Any], leaves: list[dict[str, Any]]) -> None:
    """As forged, and signed anew by another key under the right one's name."""
    forged(head, leaves)
    poll = head["poll"]
    root = bytes.fromhex(poll["audit"]["root"])
    signature = recounting.signature_of(OTHER, head["room"], poll["id"], root, poll["tally"])
    poll["audit"]["signature"] = signature.hex()
    head["keys"]["keys"] = [{**recounting.key_of(OTHER), "kid": poll["audit"]["key"]}]


TAMPERED: dict[str, tuple[Tamper, str]] = {
    "vote changed": (lambda _, leaves: leaves[0].update(choices=[1]), "add up to"),
    "votes swapped": (
        lambda _, leaves: (leaves[0].update(choices=[2]), leaves[1].update(choices=[0])),
        "have the root",
    ),
    "vote dropped": (lambda _, leaves: leaves.pop(), "10 voters are in the file"),
    "vote added": (
        lambda _, leaves: leaves.append({"voter": "0" * 32, "choices": [0]}),
        "12 voters are in the file",
    ),
    "vote twice": (lambda _, leaves: leaves.append(leaves[3]), "1 votes are in the file more than"),
    "two votes of a voter": (
        lambda _, leaves: leaves.append({**leaves[3], "choices": [0, 1, 2]}),
        "by a voter who has another one, the first by",
    ),
    "voter changed": (lambda _, leaves: leaves[0].update(voter="0" * 32), "have the root"),
    "weight added": (lambda _, leaves: leaves[0].update(weight=1), "have the root"),
    "no such option": (lambda _, leaves: leaves[0].update(choices=[3]), "can't be cast"),
    "no choice": (lambda _, leaves: leaves[0].update(choices=[]), "can't be cast"),
    "option twice": (lambda _, leaves: leaves[0].update(choices=[0, 0]), "can't be cast"),
    "too many choices": (
        lambda head, leaves: (
            head["poll"].update(max_choices=1),
            leaves[0].update(choices=[0, 1]),
        ),
        "can't be cast",
    ),
    "tally changed": (lambda head, _: head["poll"].update(tally=[9, 1, 1]), "add up to"),
    "tally missing": (lambda head, _: head["poll"].pop("tally"), "the result is missing"),
    "voters changed": (lambda head, _: head["poll"].update(voters=12), "the result has 12"),
    "leaves changed": (lambda head, _: head["poll"]["audit"].update(leaves=12), "audit has 12"),
    "root changed": (lambda head, _: head["poll"]["audit"].update(root="0" * 64), "have the root"),
    "another algorithm": (
        lambda head, _: head["poll"]["audit"].update(algorithm="md5"),
        "the algorithm md5 isn't known",
    ),
    "not final": (lambda head, _: head["poll"].update(final=False), "isn't final"),
    "no audit": (lambda head, _: head["poll"].pop("audit"), "has no audit"),
    "signature changed": (
        lambda head, _: head["poll"]["audit"].update(signature="0" * 128),
        "the signature isn't that key's",
    ),
    "another room": (lambda head, _: head.update(room="other"), "the signature isn't"),
    "another poll": (lambda head, _: head["poll"].update(id="p2"), "the signature isn't"),
    "no key": (lambda head, _: head["keys"].update(keys=[]), "is listed"),
    "another key": (
        lambda head, _: head["poll"]["audit"].update(key=recounting.key_of(OTHER)["kid"]),
        "is listed",
    ),
    "forged": (forged, "the signature isn't"),
    "signed by another": (resigned, "belongs to another key"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_changed_file_is_found_and_told_in_words(name: str) -> None:
    tamper, words = TAMPERED[name]
    head, leaves = document(CASE), [dict(each) for each in CASE["leaves"]]
    tamper(head, leaves)
    assert any(words in fault for fault in verdict_of(head, leaves).faults)


def test_trusted_keys_count_in_place_of_those_in_the_file() -> None:
    head, leaves = document(CASE), [dict(each) for each in CASE["leaves"]]
    forged(head, leaves)
    poll = head["poll"]
    root = bytes.fromhex(poll["audit"]["root"])
    signature = recounting.signature_of(OTHER, head["room"], poll["id"], root, poll["tally"])
    other = recounting.key_of(OTHER)
    poll["audit"] |= {"signature": signature.hex(), "key": other["kid"]}
    head["keys"]["keys"] = [other]
    assert verdict_of(head, leaves).faults == []  # it brings its own key, and says whose it is
    ours = SigningKey(bytes.fromhex(CASE["private"])).public
    assert "is listed" in verdict_of(head, leaves, [ours]).faults[0]
    assert verdict_of(document(CASE), CASE["leaves"], [ours]).faults == []


def test_faults_of_many_votes_are_one_line() -> None:
    leaves = [{**each, "choices": [7]} for each in CASE["leaves"]]
    impossible = [each for each in verdict_of(document(CASE), leaves).faults if "cast" in each]
    assert impossible == [f"11 votes can't be cast in this poll, the first by {leaves[0]['voter']}"]


def signed_anew(head: dict[str, Any], leaves: list[dict[str, Any]]) -> None:
    """Make root, tally and signature fit the leaves, as the broadcaster alone can."""
    poll = head["poll"]
    weights = [each.get("weight", 1) for each in leaves]
    said = [
        [each["choices"], each["weight"]] if "weight" in each else each["choices"]
        for each in leaves
    ]
    packed = sorted(
        (bytes.fromhex(each["voter"]), msgpack.packb(content))
        for each, content in zip(leaves, said, strict=True)
    )
    root = recounting.root_of(packed)
    poll["tally"] = [
        sum(
            weight
            for each, weight in zip(leaves, weights, strict=True)
            if option in each["choices"]
        )
        for option in range(len(poll["options"]))
    ]
    seed = bytes.fromhex(CASE["private"])
    signature = recounting.signature_of(seed, head["room"], poll["id"], root, poll["tally"])
    poll["audit"] |= {"root": root.hex(), "signature": signature.hex()}


@pytest.mark.parametrize(
    ("is_weighted", "given"),
    [(False, {"weight": 1000}), (False, {"weight": 0}), (True, {}), (True, {"weight": 1001})],
)
def test_a_broadcaster_cannot_sign_weights_that_the_poll_has_not(
    is_weighted: bool, given: dict[str, Any]
) -> None:
    head, leaves = document(CASE), [dict(each) for each in CASE["leaves"]]
    if is_weighted:
        head["poll"]["weights"] = True
        for each in leaves:
            each["weight"] = 2
        signed_anew(head, leaves)
        assert verdict_of(head, leaves).faults == []
        del leaves[0]["weight"]
    leaves[0] |= given
    signed_anew(head, leaves)
    faults = verdict_of(head, leaves).faults
    assert f"1 votes can't be cast in this poll, the first by {leaves[0]['voter']}" in faults


@pytest.mark.parametrize(
    "poll",
    [
        {"options": [{"text": str(n)} for n in range(300)], "max_choices": 300},
        {"tally": [2**70, -(2**70), 0]},
        {"voters": 2**70},
    ],
    ids=lambda poll: min(poll),
)
@pytest.mark.parametrize("vote", [{"choices": [*range(300)]}, {"weight": 2**70}])
def test_what_no_poll_has_is_a_fault_and_no_crash(
    poll: dict[str, Any], vote: dict[str, Any]
) -> None:
    head, leaves = document(CASE), [dict(each) for each in CASE["leaves"]]
    head["poll"] |= poll
    leaves[0] |= vote
    assert any("can't be cast" in fault for fault in verdict_of(head, leaves).faults)
