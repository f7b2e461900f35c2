"""What is published of a poll's recount: on the poll itself, vote by vote, and for one voter."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)", description="SHA-256, hexadecimal.")]
VoterTag = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{32}$(?!\n)",
        description="Stands for the voter in this poll alone; hexadecimal.",
    ),
]
Choices = list[Annotated[int, Meta(ge=0)]]
Side = Literal["left", "right"]


class Audit(Struct, frozen=True, omit_defaults=True):
    """By what anyone can recount a poll: the root over its votes, signed with its tally.

    With ``receipts`` each voter can ask for the path from the own vote to the root.
    """

    root: Hash
    leaves: Annotated[int, Meta(ge=0, description="Voters.")]
    algorithm: str
    signature: Annotated[
        str, Meta(pattern=r"^[0-9a-f]{128}$(?!\n)", description="Ed25519, hexadecimal.")
    ]
    key: Annotated[str, Meta(description="The `kid` of a key in `/v1/keys`.")]
    receipts: bool = False


class PublishedVote(Struct, frozen=True):
    """One voter's vote as everyone may see it; ``weight`` is there in a poll with weights."""

    voter: VoterTag
    choices: Choices
    weight: Annotated[int, Meta(ge=0)] | UnsetType = UNSET


class Receipt(PublishedVote, frozen=True, kw_only=True):
    """A voter's own vote, and its path to the root: where the other hash stands, and that hash."""

    path: list[tuple[Side, Hash]]
    root: Hash


class PublicKey(Struct, frozen=True):
    """The public part of a key that signs results (JWK, RFC 8037)."""

    x: str
    kid: str
    kty: str = "OKP"
    crv: str = "Ed25519"
    alg: str = "EdDSA"
    use: str = "sig"


class KeySet(Struct, frozen=True):
    """The keys that sign results, and those of before (JWK set)."""

    keys: list[PublicKey]
