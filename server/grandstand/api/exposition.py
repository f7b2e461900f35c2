"""The metrics of several processes as one text, in Prometheus' format. Pure.

Each process's client library writes its families as blocks that begin with their ``# HELP``. The
format wants each family in one block, so the blocks of one family are put together.
"""

from __future__ import annotations

from collections.abc import Mapping


def together(texts: Mapping[str, str], label: str) -> str:
    """Return one text made of several: every sample gets ``label`` with the name of its text."""
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
