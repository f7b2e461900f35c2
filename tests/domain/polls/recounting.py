"""The recount as the contract words it, in plain Python: what our own code is held against.

``VECTORS`` are examples of it in a file, which the SDK's tests read too. Run this module to write
them anew.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import msgpack
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VECTORS = Path(__file__).parent / "recounts.json"

Votes = dict[str, tuple[list[int], int]]
"""By voter: the choices, and the weight."""


def leaf_of(salt: bytes, voter: str, choices: list[int], weight: int | None) -> tuple[bytes, bytes]:
    """The voter's tag, and what of the leaf follows it."""
    tag = hmac.new(salt, voter.encode(), hashlib.sha256).digest()[:16]
    said = sorted(choices)
    return tag, msgpack.packb(said if weight is None else [said, weight])


def leaves_of(salt: bytes, votes: Votes, is_weighted: bool) -> list[tuple[bytes, bytes]]:
    return sorted(
        leaf_of(salt, voter, choices, weight if is_weighted else None)
        for voter, (choices, weight) in votes.items()
    )


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def root_of(leaves: list[tuple[bytes, bytes]]) -> bytes:
    if not leaves:
        return sha256(b"")
    level = [sha256(b"\x00" + tag + said) for tag, said in leaves]
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [sha256(b"\x01" + b"".join(pair)) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0]


def path_of(leaves: list[tuple[bytes, bytes]], tag: bytes) -> list[list[str]]:
    at = [each for each, _ in leaves].index(tag)
    level, path = [sha256(b"\x00" + tag + said) for tag, said in leaves], []
    while len(level) > 1:
        if at % 2:
            path.append(["left", level[at - 1].hex()])
        elif at + 1 < len(level):
            path.append(["right", level[at + 1].hex()])
        pairs = [level[each : each + 2] for each in range(0, len(level), 2)]
        level = [sha256(b"\x01" + b"".join(pair)) if len(pair) == 2 else pair[0] for pair in pairs]
        at //= 2
    return path


def tally_of(votes: Votes, options: int, is_weighted: bool) -> list[int]:
    tally = [0] * options
    for choices, weight in votes.values():
        for choice in choices:
            tally[choice] += weight if is_weighted else 1
    return tally


def signature_of(seed: bytes, room: str, poll: str, root: bytes, tally: list[int]) -> bytes:
    message = room.encode() + b"\x00" + poll.encode() + b"\x00" + root + msgpack.packb(tally)
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def key_of(seed: bytes) -> dict[str, str]:
    """Its public part as a JWK."""
    raw = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    thumbprint = sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode())
    kid = base64.urlsafe_b64encode(thumbprint).decode().rstrip("=")
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": x, "kid": kid}


def example(name: str, options: int, votes: Votes, is_weighted: bool = False) -> dict[str, Any]:
    salt, seed, room, poll = bytes(range(16)), bytes(range(32)), "gala", "p1"
    leaves = leaves_of(salt, votes, is_weighted)
    root, tally = root_of(leaves), tally_of(votes, options, is_weighted)
    published = []
    for tag, said in leaves:
        vote = msgpack.unpackb(said)
        choices, weight = vote if is_weighted else (vote, None)
        entry = {"voter": tag.hex(), "choices": choices}
        published.append(entry if weight is None else {**entry, "weight": weight})
    return {
        "name": name,
        "room": room,
        "poll": poll,
        "options": options,
        "weights": is_weighted,
        "salt": salt.hex(),
        "private": seed.hex(),
        "votes": {voter: [*vote] for voter, vote in votes.items()},
        "key": key_of(seed),
        "tally": tally,
        "voters": len(votes),
        "leaves": published,
        "receipts": [
            {**entry, "path": path_of(leaves, bytes.fromhex(entry["voter"])), "root": root.hex()}
            for entry in published
        ],
        "audit": {
            "root": root.hex(),
            "leaves": len(leaves),
            "algorithm": "sha256-merkle-v1",
            "signature": signature_of(seed, room, poll, root, tally).hex(),
            "key": key_of(seed)["kid"],
            "receipts": True,
        },
    }


def examples() -> list[dict[str, Any]]:
    def voters(count: int, choices: list[list[int]], weights: list[int] | None = None) -> Votes:
        return {
            f"voter{n}": (choices[n % len(choices)], (weights or [1])[n % len(weights or [1])])
            for n in range(count)
        }

    return [
        example("nobody", 2, {}),
        example("one", 2, voters(1, [[1]])),
        example("an odd number", 3, voters(11, [[0], [2], [0], [1]])),
        example("several choices", 20, voters(6, [[2, 0], [19], [*range(20)], [1, 0, 2]])),
        example("weights", 3, voters(7, [[1], [2, 0]], [1, 1000, 0, 256]), is_weighted=True),
    ]


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(examples(), indent=1) + "\n")
