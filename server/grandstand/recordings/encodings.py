"""Detection of a file's encoding: by its byte order mark, its declaration, or its content. Pure.

Bytes that can't be text become ``MARK``, one lone surrogate that no text contains, so that the
reader of the text knows which comment was damaged.
"""

from __future__ import annotations

import codecs
import re

MARK = "\udcff"
_ERRORS = "grandstand-mark"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BROKEN_LEAST = 4
"""Fewer bytes that aren't UTF-8 are damage; this many are two characters of another encoding."""
_WIDE = re.compile(rb"\s*[<\[{]")
_DECLARED = re.compile(
    rb"""\s*<\?xml\s[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,39})["']"""
)
_KNOWN = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb18030": "gb18030",
    "cp936": "gb18030",
    "big5": "big5",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "euc-jp": "euc_jp",
    "euc-kr": "euc_kr",
    "iso-8859-1": "cp1252",
    "windows-1252": "cp1252",
}
"""Encodings that files of comments declare, each read as the superset that players use for it."""


def _marked(fault: UnicodeError) -> tuple[str, int]:
    assert isinstance(fault, UnicodeDecodeError)
    return MARK, fault.end


codecs.register_error(_ERRORS, _marked)


def encoding_of(head: bytes) -> tuple[str, int]:
    """Return the encoding of a file that begins with ``head``, and the length of its mark."""
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name, len(bom)
    for name, odd in (("utf-16-le", 1), ("utf-16-be", 0)):
        if len(head) >= 4 and not any(head[odd:4:2]) and _WIDE.match(head[1 - odd : 4 : 2]):
            return name, 0
    declared = _DECLARED.match(head)
    if declared is not None:
        name = _KNOWN.get(declared[1].decode().lower(), "")
        if name:
            return name, 0
    return _by_looks(head), 0


def _by_looks(head: bytes) -> str:
    """Return UTF-8, unless the text is mostly not UTF-8 and GB18030 reads more of it."""
    text = decoder("utf-8").decode(head)
    broken = text.count(MARK)
    if broken < _BROKEN_LEAST:
        return "utf-8"
    sound = sum(each > "\x7f" for each in text) - broken
    if broken > sound and decoder("gb18030").decode(head).count(MARK) < broken:
        return "gb18030"
    return "utf-8"


def decoder(encoding: str) -> codecs.IncrementalDecoder:
    """Return a decoder of a stream that never raises."""
    return codecs.getincrementaldecoder(encoding)(_ERRORS)
