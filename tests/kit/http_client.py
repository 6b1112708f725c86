"""The one HTTP client of the tests: making one for each request costs more than the request, and waiting tests ask a lot."""

from __future__ import annotations

import httpx

HTTP = httpx.Client(trust_env=False, timeout=30, limits=httpx.Limits(max_keepalive_connections=0))
"""Asks servers that come and go: no connection is kept."""
