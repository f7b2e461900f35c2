"""Metrics of several processes as one text, in Prometheus' format. Pure.

Each process's families are told by its own client library, so a text is blocks that begin with
their ``# HELP``; the format wants a family in one block, so blocks of one family are put together.
"""

from __future__ import annotations

from collections.abc import Mapping


def together(texts: Mapping[str, str], label: str) -> str:
    """One text of many: every sample gets ``label`` with the name that its text stands under."""
    families: dict[str, list[str]] = {}
    for name, text in texts.items():
        block: list[str] = []
        for line in text.splitlines():
            if line.startswith("# HELP "):
                block = families.setdefault(line.split(" ", 3)[2], [])
                has_head = bool(block)
            if not line.startswith("#"):
                block.append(_labelled(line, f'{label}="{name}"'))
            elif not has_head:
                block.append(line)
    return "".join(f"{line}\n" for block in families.values() for line in block)


def _labelled(sample: str, label: str) -> str:
    name, brace, labels = sample.partition("{")
    if brace and " " not in name:
        return f"{name}{{{label},{labels}"
    name, _, value = sample.partition(" ")
    return f"{name}{{{label}}} {value}"
