"""An S3 server of one's own, by ``moto``: the real client speaks to it over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from moto.server import ThreadedMotoServer

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def s3() -> Iterator[dict[str, str]]:
    """A server, for the duration of the block; yields the environment that leads there."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield {**CREDENTIALS, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    finally:
        server.stop()


@contextmanager
def bucket(environment: dict[str, str]) -> Iterator[str]:
    """The URL of a new bucket, for this process to use within the block."""
    from s3fs import S3FileSystem  # takes a while

    S3FileSystem.clear_instance_cache()  # one before may lead to another server
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        name = f"grandstand-{uuid4().hex[:8]}"
        S3FileSystem().mkdir(name)
        yield f"s3://{name}/archive"
