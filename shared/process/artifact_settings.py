"""Where the artifact store is, and what is wrong with what is said of it. It never connects."""

from __future__ import annotations

import re
import ssl
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.process.http_settings import Address

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"(/[A-Za-z0-9!_.*'()=-]+)*/?")


class ArtifactSettings(BaseSettings):
    """A folder, or a bucket. Credentials are not among them: AWS_ACCESS_KEY_ID and its kin, or the machine's own identity."""

    model_config = SettingsConfigDict(env_prefix="RINGRIFT_", extra="ignore", frozen=True)

    artifacts_dir: Path = Field(
        default=Path("data/artifacts"),
        description="The artifact store where artifacts_url names none: a folder that all share",
    )
    artifacts_url: str | None = Field(
        default=None,
        description="The artifact store: file:///folder, or s3://bucket/prefix",
        examples=["s3://models/ringrift"],
    )
    artifacts_endpoint: Address | None = Field(
        default=None, description="The S3 server, if it is not Amazon's", examples=["https://s3.example:9000"]
    )
    artifacts_ca: Path | None = Field(default=None, description="CA that signed that server's certificate")
    artifacts_cache_dir: Path = Field(
        default=Path("data/artifact-cache"),
        description="Folder of this machine for models of a bucket that are used here",
    )
    artifacts_cache_bytes: int = Field(
        default=20 * 1024**3, ge=1024, le=2**50, description="Bytes of models that are kept there"
    )

    @field_validator("artifacts_url", "artifacts_endpoint", "artifacts_ca", mode="before")
    @classmethod
    def _not_given(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("artifacts_url")
    @classmethod
    def _is_store(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path.startswith("/"):
            return value
        named = parts.scheme == "s3" and not parts.query and not parts.fragment
        if not named or not _BUCKET.fullmatch(parts.netloc) or not _PREFIX.fullmatch(parts.path):
            raise ValueError(
                f"{value!r} is no artifact store; give one such as file:///srv/artifacts or s3://bucket/prefix"
            )
        if find_spec("obstore") is None:
            raise ValueError("s3:// needs the extra s3: pip install 'ringrift-suite[s3]'")
        return value

    @field_validator("artifacts_ca")
    @classmethod
    def _has_certificates(cls, value: Path | None) -> Path | None:
        try:
            if value is not None:
                ssl.create_default_context(cafile=value)
        except OSError as error:  # ssl.SSLError is one
            raise ValueError(
                f"{value} cannot be used as a CA: {error.strerror or 'it has no certificate in PEM form'}"
            ) from None
        return value
