"""Our own format, which ``grandstand export`` writes: NDJSON, or the same comments in a list."""

from __future__ import annotations

import msgspec

from grandstand.recordings.formats.format import JsonFormat
from grandstand.recordings.line import Line


def format(kind: type[Line] = Line) -> JsonFormat:
    """Return the format; ``kind`` may be stricter than a plain Line."""
    return JsonFormat(
        "ndjson",
        'NDJSON, {"at": ms, "user": "…", "text": "…"} a line, or a JSON list of them',
        frozenset({()}),
        True,
        lambda item: isinstance(item, dict) and "at" in item and "text" in item,
        msgspec.json.Decoder(kind).decode,
    )
