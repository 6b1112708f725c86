"""One service over HTTP: a request out, JSON in. An answer has so many bytes at most, and an end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx

from ringrift_client.environment import http_options
from ringrift_client.errors import NotJsonError, RefusedError, UnreachableError

PROBLEM_PREFIX = "urn:ringrift:problem:"
NO_CONTENT = 204
MOST_BYTES = 32 * 1024 * 1024
"""More than any answer has."""


class Transport:
    """A connection to one service. `api_key` is presented with every request. Proxy variables are ignored unless
    RINGRIFT_HTTP_PROXY_FROM_ENVIRONMENT is true; RINGRIFT_HTTP_CA names a private authority. `seconds`: for each answer to begin,
    and then to end; `variable`: where its address is set, for messages."""

    def __init__(
        self, url: str, api_key: str | None = None, *, seconds: float = 10, variable: str = "RINGRIFT_PROMOTION_URL"
    ) -> None:
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
        self.url, self._seconds, self._variable = url.rstrip("/"), seconds, variable
        self._client = httpx.Client(timeout=seconds, headers=headers, **http_options())

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def call(self, method: str, path: str, **options: Any) -> Any:
        """The JSON of a successful answer; FrontDoorError otherwise. `options` are httpx's."""
        url = self.url + path
        try:
            with self._client.stream(method, url, **options) as answer:
                content = None if answer.status_code == NO_CONTENT else json.loads(self._read(answer))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnreachableError(f"{url} cannot be reached: {error}; {self._variable} says where it is") from None
        except (ValueError, RecursionError):
            raise NotJsonError(
                f"{url} answered {answer.status_code} without JSON; is it a service of the suite?"
            ) from None
        if answer.is_error:
            raise _refusal(answer.status_code, content)
        return content

    def _read(self, answer: httpx.Response) -> bytes:
        """The content of an answer; ValueError if it is encoded or too large, httpx.ReadTimeout if it does not end."""
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise ValueError("it is encoded")
        content, end = bytearray(), time.monotonic() + self._seconds
        for chunk in answer.iter_raw():
            content += chunk
            if len(content) > MOST_BYTES:
                raise ValueError("it is too large")
            if time.monotonic() > end:
                raise httpx.ReadTimeout("the answer does not end", request=answer.request)
        return bytes(content)

    def stream(self, path: str, **options: Any) -> Iterator[bytes]:
        """The bytes of a successful answer, as they arrive; FrontDoorError otherwise, or if it breaks off. `options`: httpx's."""
        url = self.url + path
        try:
            with self._client.stream("GET", url, **options) as answer:
                if answer.is_error:
                    raise _refusal(answer.status_code, _json_or_text(self._read(answer)))
                yield from answer.iter_raw()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnreachableError(f"{url} cannot be read: {error}") from None


def _json_or_text(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content[:200].decode("utf-8", "replace")


def _refusal(status: int, content: Any) -> RefusedError:
    problem = content if isinstance(content, dict) else {}
    kind = str(problem.get("type", "")).removeprefix(PROBLEM_PREFIX)
    return RefusedError(status, kind, str(problem.get("detail", content)))
