"""What the environment says to the client: addresses, keys, and how HTTP is spoken here.

A key stands in a variable, or in a file that the same name with `_FILE` names, as for the services.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

from ringrift_client.errors import MisconfiguredError

LONGEST = 64 * 1024
TRUE = ("1", "true", "yes", "on")


def key_for(service: str) -> str | None:
    """The key to present to a service: its own (RINGRIFT_PROMOTION_KEY), or the one for all (RINGRIFT_API_KEY); None for no key."""
    return secret(f"RINGRIFT_{service.upper()}_KEY") or secret("RINGRIFT_API_KEY")


def secret(name: str) -> str | None:
    """A secret from its variable or its file, None if neither is given. MisconfiguredError if both are, or it cannot be read."""
    plain, path = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if not path:
        return plain or None
    if plain:
        raise MisconfiguredError(f"{name} and {name}_FILE are both given; give one of them")
    try:
        with Path(path).open(encoding="utf-8") as stream:
            text = stream.read(LONGEST + 1)
    except (OSError, ValueError) as error:
        reason = "it is not text" if isinstance(error, ValueError) else error
        raise MisconfiguredError(f"{name}_FILE: {path} cannot be read: {reason}") from None
    if len(text) > LONGEST or not text.strip():
        raise MisconfiguredError(f"{name}_FILE: {path} is {'too long' if text.strip() else 'empty'}")
    return text.strip()


def http_options() -> dict[str, Any]:
    """Options of httpx: the authority that RINGRIFT_HTTP_CA names, and proxies of the environment only if
    RINGRIFT_HTTP_PROXY_FROM_ENVIRONMENT is true."""
    through_proxy = os.environ.get("RINGRIFT_HTTP_PROXY_FROM_ENVIRONMENT", "").lower() in TRUE
    authority = os.environ.get("RINGRIFT_HTTP_CA")
    if not authority:
        return {"trust_env": through_proxy}
    try:
        return {"trust_env": through_proxy, "verify": ssl.create_default_context(cafile=authority)}
    except OSError as error:  # ssl.SSLError is one
        raise MisconfiguredError(f"RINGRIFT_HTTP_CA: {authority} cannot be used: {error.strerror or error}") from None
