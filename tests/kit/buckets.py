"""An S3 server for tests, moto's in a thread of its own, and artifact stores in buckets of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from shared.process.artifact_settings import ArtifactSettings
from shared.storage.artifact_bucket import ArtifactBucket
from shared.storage.artifact_place import artifact_store
from tests.kit.http_client import HTTP

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "of the tests"}
PREFIX = "suite"


@contextmanager
def bucket_server() -> Iterator[str]:
    """The address of a server without buckets."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def new_bucket(server: str) -> str:
    """The name of a bucket that nobody else uses."""
    name = f"models-{uuid4().hex[:12]}"
    HTTP.put(f"{server}/{name}", headers={"Host": "s3.amazonaws.com"}).raise_for_status()
    return name


def past_the_store(server: str, bucket: str) -> S3Store:
    """The bucket itself, for whoever writes there without asking the store."""
    return S3Store(bucket, config={"endpoint": server}, client_options={"allow_http": True})


def bucket_store(server: str, bucket: str, cache: Path, **changed: Any) -> ArtifactBucket:
    """A store in a bucket, with a cache of its own, as the settings make it."""
    settings = ArtifactSettings(
        artifacts_url=f"s3://{bucket}/{PREFIX}", artifacts_endpoint=server, artifacts_cache_dir=cache, **changed
    )
    store = artifact_store(settings)
    assert isinstance(store, ArtifactBucket)
    return store
