"""Files in other encodings than UTF-8."""

from __future__ import annotations

import pytest
from grandstand.recordings.encodings import MARK, decoder, encoding_of
from grandstand.recordings.recording import read
from hypothesis import given
from hypothesis import strategies as st

TEXT = "前方高能，各位观众请注意"
XML = f'<i><d p="1,1,25,0">{TEXT}</d></i>'


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("UTF-8", "utf-8"),
        (None, "utf-8"),
        (None, "utf-8-sig"),
        ("GBK", "gbk"),
        ("gb2312", "gbk"),
        ("GB18030", "gb18030"),
        (None, "gb18030"),
        ("UTF-16", "utf-16"),
        (None, "utf-16"),
        (None, "utf-16-le"),
        ("utf-16", "utf-16-be"),
        (None, "utf-32"),
        ("no-such-thing", "utf-8"),
        ("rot13", "utf-8"),
    ],
)
def test_xml_is_read_by_its_mark_its_declaration_or_its_looks(
    declared: str | None, encoding: str
) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    (line,) = [line for _, line in read((head + XML).encode(encoding)).comments]
    assert line.text == TEXT


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "gb18030", "utf-32"])
def test_json_too(encoding: str) -> None:
    payload = f'{{"at": 1, "user": "u", "text": "{TEXT}"}}\n' * 2
    assert [line.text for _, line in read(payload.encode(encoding)).comments] == [TEXT] * 2


def test_one_bad_byte_makes_no_file_another_encoding() -> None:
    assert encoding_of(XML.encode() + b"\xff" + XML.encode()[:-1]) == ("utf-8", 0)
    assert encoding_of(b"\xff" + b"plain") == ("utf-8", 0)


@given(st.sampled_from(["utf-8", "gb18030", "utf-16-le", "big5", "cp932"]), st.binary(max_size=60))
def test_a_decoder_marks_what_is_no_text(encoding: str, payload: bytes) -> None:
    stream = decoder(encoding)
    pieces = "".join(stream.decode(payload[n : n + 1]) for n in range(len(payload)))
    text = pieces + stream.decode(b"", final=True)
    assert not any("\ud800" <= each <= "\udfff" for each in text if each != MARK)
    if MARK not in text:
        assert text == payload.decode(encoding)
