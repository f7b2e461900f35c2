"""Which language a comment may be in, by its script alone. Pure.

A hint: Latin letters are ``und``, Chinese characters Chinese unless kana stand among them,
Cyrillic ones Russian. Emoji and signs, Latin letters among others (``GOAL 加油``) and the middle
dot and long mark of katakana, of which faces are made, say nothing.
"""

from __future__ import annotations

import re

UNKNOWN = "und"

_LETTER = re.compile(
    "(?P<ja>[\u3041-\u3096\u30a1-\u30fa])"
    "|(?P<ko>[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3])"
    "|(?P<zh>[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff])"
    "|(?P<ru>[\u0400-\u052f])"
    "|(?P<ar>[\u0620-\u064a\u066e-\u06d3\u0750-\u077f])"
    "|(?P<th>[\u0e01-\u0e30])"
    "|(?P<hi>[\u0904-\u0939])"
)
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")


def languages(texts: list[str]) -> list[str]:
    """Give a BCP 47 tag for each text, ``und`` if unknown. About 0.1 us a text."""
    return [UNKNOWN if text.isascii() else _language(text) for text in texts]


def _language(text: str) -> str:
    found = _LETTER.search(text)
    if found is None or found.lastgroup is None:
        return UNKNOWN
    if found.lastgroup == "zh" and _KANA.search(text, found.end()):
        return "ja"
    return found.lastgroup
