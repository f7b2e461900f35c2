"""Texts that have broken others: what a viewer may send, and what one never could."""

from __future__ import annotations

MEGABYTES = 10_000_000

NASTIES = {
    "empty": "",
    "blank": " \t\n\r\u3000\u2800",
    "nul": "\0",
    "nuls": "\0" * 600,
    "controls": "".join(map(chr, range(32))),
    "lone high surrogate": "\ud83d",
    "lone low surrogate": "a\udc00b",
    "swapped surrogates": "\udc4d\ud83d" * 300,
    "emoji alone": "👍👍🏽👨‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🇨🇳",
    "half a flag": "🇨",
    "combining marks alone": "\u0301" * 600,
    "a flood of combining marks": "Z" + "\u0310\u0489\u036f" * 10_000,
    "zero width": "\u200b\u200d\ufeff\u2060" * 200,
    "overrides of direction": "\u202e\u2066abc\u2069\u202c" * 50,
    "noncharacters": "\ufffe\uffff\U0010ffff",
    "private": "\ue000\U00100000" * 100,
    "variation selectors": "\ufe0f" * 600,
    "widest ligature": "\ufdfa" * 600,
    "blanks between": "a " * 300,
    "stars": "f*" * 300,
    "links": "a.com " * 200,
    "numbers": "1 " * 300,
    "one letter, 10 MB": "a" * MEGABYTES,
    "one character, 10 MB": "好" * MEGABYTES,
    "an emoji, 10 MB": "🎉" * (MEGABYTES // 4),
    "marks, 10 MB": "\u0301" * (MEGABYTES // 2),
    "words, 10 MB": "dot com " * (MEGABYTES // 8),
    "surrogates, 10 MB": "\ud800" * (MEGABYTES // 3),
}

HARD = "\0\ud800\udfff\u0301\u200b\u200d\ufe0f\u202e🇨👍🏽好の가a1@*. "
"""Letters to make worse ones of."""
