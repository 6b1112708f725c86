"""Which artifact store the settings name: `file:///folder`, or `s3://bucket/prefix`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from shared.process.artifact_settings import ArtifactSettings
from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.artifacts import ArtifactStore

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

SILENCE, CONNECT, WHOLE, RETRY = "30s", "5s", "24h", timedelta(seconds=10)
"""How long a server may say nothing, a connection and a whole transfer may take, and what failed is tried again."""


def artifact_store(settings: ArtifactSettings) -> ArtifactStore:
    """The store. It is not looked at before it is used."""
    url = settings.artifacts_url
    if url is None:
        return ArtifactFolder(settings.artifacts_dir)
    parts = urlsplit(url)
    if parts.scheme == "file":
        return ArtifactFolder(Path(unquote(parts.path)))
    return _bucket(settings, parts.netloc, unquote(parts.path).strip("/"))


def _bucket(settings: ArtifactSettings, bucket: str, prefix: str) -> ArtifactStore:
    from obstore.store import S3Store

    from shared.storage.artifact_bucket import ArtifactBucket

    client: ClientConfig = {"timeout": WHOLE, "connect_timeout": CONNECT, "read_timeout": SILENCE}
    if settings.artifacts_ca is not None:
        client["root_certificate"] = settings.artifacts_ca.read_bytes()
    config: S3Config = {"checksum_algorithm": "SHA256"}
    if settings.artifacts_endpoint is not None:
        config["endpoint"] = settings.artifacts_endpoint
        client["allow_http"] = settings.artifacts_endpoint.startswith("http://")
    again: RetryConfig = {"max_retries": 2, "retry_timeout": RETRY}
    store = S3Store(bucket, config=config, client_options=client, retry_config=again)
    cache, prefix = settings.artifacts_cache_dir, f"{prefix}/" if prefix else ""
    return ArtifactBucket(store, f"s3://{bucket}", prefix, cache, settings.artifacts_cache_bytes)
