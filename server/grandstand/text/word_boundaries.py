"""Scripts that put gaps between words, and the borders of words."""

from __future__ import annotations


def is_gapless(text: str) -> bool:
    """Return whether a word is in a script without gaps between words (or without reliable
    ones)."""
    return any("\u3040" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7a3" for letter in text)


def is_part(text: str, start: int, end: int) -> bool:
    """Return whether the text at [start, end) is a part of a longer word.

    In scripts with gaps, a letter or digit beside it shows that. Katakana have no gaps, but only
    foreign words are written in them. So a word with other katakana beside it is a part of one, as
    カス is of カスタネット.
    """
    return (start > 0 and _joins(text[start - 1], text[start])) or (
        end < len(text) and _joins(text[end], text[end - 1])
    )


def _joins(beside: str, letter: str) -> bool:
    if not (beside.isalnum() and letter.isalnum()):
        return False
    if beside.isascii() and letter.isascii():
        return True
    if _is_katakana(letter):
        return _is_katakana(beside)
    return not (is_gapless(beside) or is_gapless(letter))


def _is_katakana(letter: str) -> bool:
    return "\u30a1" <= letter <= "\u30fa" or letter == "\u30fc"
