"""One service over HTTP: a request out, JSON in, and every way in which that can fail as one kind of exception.

FrontDoorError              whatever went wrong; the text says what, where, and what to do
├── UnreachableError        nobody answered
├── NotJsonError            somebody else answered
└── RefusedError            the service refused: `status`, and `kind`, the problem's type without its prefix (RFC 9457)
"""

from __future__ import annotations

from typing import Any

import httpx

PROBLEM_PREFIX = "urn:ringrift:problem:"


class FrontDoorError(Exception):
    """The service refused, or could not be reached in time; the text says why."""


class UnreachableError(FrontDoorError):
    """Nobody answered at the address."""


class NotJsonError(FrontDoorError):
    """Whoever answered at the address is no service of the suite."""


class RefusedError(FrontDoorError):
    """The service refused. `kind`: the problem's kind, such as `not-found`."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status, self.kind, self.detail = status, kind, detail


class Transport:
    """A connection to one service. `api_key` is presented with every request; proxy variables are ignored."""

    def __init__(self, url: str, api_key: str | None = None, *, seconds: float = 10) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self.url = url.rstrip("/")
        self._client = httpx.Client(timeout=seconds, headers=headers, trust_env=False)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def call(self, method: str, path: str, **options: Any) -> Any:
        """The JSON of a successful answer; FrontDoorError otherwise. `options` are httpx's."""
        url = self.url + path
        try:
            answer = self._client.request(method, url, **options)
            content = answer.json()
        except httpx.HTTPError as error:
            raise UnreachableError(
                f"{url} cannot be reached: {error}; RINGRIFT_PROMOTION_URL says where it is"
            ) from None
        except ValueError:
            raise NotJsonError(f"{url} answered {answer.status_code} without JSON; is it the front door?") from None
        if answer.is_error:
            raise _refusal(answer.status_code, content)
        return content


def _refusal(status: int, content: Any) -> RefusedError:
    problem = content if isinstance(content, dict) else {}
    kind = str(problem.get("type", "")).removeprefix(PROBLEM_PREFIX)
    return RefusedError(status, kind, str(problem.get("detail", content)))
