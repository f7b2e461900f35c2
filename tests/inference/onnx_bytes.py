"""A few fields of ONNX's protobuf messages, written by hand: a real model in 200 bytes.

Numbers are those of ``onnx.proto``. What a real model needs besides is left out.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

FLOAT, INT64, BOOL = 1, 7, 9
"""Of ``TensorProto.DataType``."""

Node = tuple[str, Sequence[str], str]
"""An operator, what it takes, and what it gives."""

GRAPH = 5
"""Of ``AttributeProto.AttributeType``."""

IR_VERSION, OPSET = 8, 18


def varint(value: int) -> bytes:
    """Return seven bits a byte, the lowest first."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def number(field: int, value: int) -> bytes:
    """Return a field that is a whole number."""
    return varint(field << 3) + varint(value)


def block(field: int, value: bytes | str) -> bytes:
    """Return a field that is a text, bytes, or a message of its own."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def tensor(name: str, values: Sequence[float]) -> bytes:
    """Return a constant: a list of float32."""
    raw = struct.pack(f"<{len(values)}f", *values)
    return number(1, len(values)) + number(2, FLOAT) + block(8, name) + block(9, raw)


def info(name: str, kind: int, dimensions: Sequence[str | int]) -> bytes:
    """Return an input or output; a dimension is a length, or the name of one."""
    shape = b"".join(
        block(1, number(1, each) if isinstance(each, int) else block(2, each))
        for each in dimensions
    )
    return block(1, name) + block(2, block(1, number(1, kind) + block(2, shape)))


def model(
    nodes: Sequence[Node],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
    constants: Sequence[bytes] = (),
    bodies: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return an ONNX model of nodes in their order; ``bodies`` are graphs by what a loop gives."""
    whole = graph(nodes, inputs, outputs, constants, bodies)
    return number(1, IR_VERSION) + block(7, whole) + block(8, number(2, OPSET))


def graph(
    nodes: Sequence[Node],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
    constants: Sequence[bytes] = (),
    bodies: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return a graph, which a model has, and each loop in it."""
    found = b""
    for operator, takes, gives in nodes:
        node = b"".join(block(1, each) for each in takes) + block(2, gives) + block(4, operator)
        if bodies is not None and gives in bodies:
            body = block(1, "body") + block(6, bodies[gives]) + number(20, GRAPH)
            node += block(5, body)
        found += block(1, node)
    found += block(2, "tiny")
    found += b"".join(block(5, each) for each in constants)
    found += b"".join(block(11, each) for each in inputs)
    found += b"".join(block(12, each) for each in outputs)
    return found
