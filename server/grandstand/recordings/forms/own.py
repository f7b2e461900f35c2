"""Our own form, which ``grandstand export`` writes: NDJSON, or the same comments in a list."""

from __future__ import annotations

import msgspec

from grandstand.recordings.forms.form import JsonForm
from grandstand.recordings.line import Line


def form(kind: type[Line] = Line) -> JsonForm:
    """Return the form; ``kind`` may be stricter than a plain Line."""
    return JsonForm(
        "ndjson",
        'NDJSON, {"at": ms, "user": "…", "text": "…"} a line, or a JSON list of them',
        frozenset({()}),
        True,
        lambda item: isinstance(item, dict) and "at" in item and "text" in item,
        msgspec.json.Decoder(kind).decode,
    )
