from __future__ import annotations

import pytest

from loadtest.lurkers.answers import Answer, AnswerError, cut

HEAD = b"HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length: 5\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_an_answer_is_cut_once_it_is_whole_and_no_sooner() -> None:
    for whole in (
        HEAD + b"hello",
        CHUNKED + b"3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n",
    ):
        for end in range(len(whole)):
            assert cut(whole[:end]) is None
        assert cut(whole + b"more") == Answer(200, len(whole), b"hello")


def test_what_an_answer_says_of_itself() -> None:
    early = b"HTTP/1.1 404 -\r\nRetry-After: 2\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    assert cut(early) == Answer(404, len(early), b"", closes=True, retry_after_s=2)
    gzipped = HEAD.replace(b"Server: x", b"Content-Encoding: gzip") + b"\x1f\x8b\x08\0\0"
    answer = cut(gzipped)
    assert answer is not None
    assert answer.is_gzipped
    done = b"HTTP/1.1 204 No Content\r\n\r\n"
    assert cut(done) == Answer(204, len(done), b"")


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        CHUNKED + b"xyz\r\n",
    ],
)
def test_what_is_no_answer_is_said(data: bytes) -> None:
    with pytest.raises(AnswerError):
        cut(data)
