"""The ledger as people look at it and steer it: the pointer and its history, decisions, what waits for a word, holds, policies, the
audit, API keys.

from ringrift_client import Ledger

with Ledger.from_environment() as ledger:
    head = ledger.canonical("hex8_2p")
    ledger.roll_back("hex8_2p", "loses as second player", seen=head["version"])
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ringrift_client.environment import key_for
from ringrift_client.front_door import PROMOTION_URL
from ringrift_client.transport import Transport


class Ledger:
    """The promotion service as whoever steers it uses it; use as a context manager. `seen`: the version that the caller saw, with
    which nothing is moved unless it still is the one; None if that does not matter."""

    def __init__(self, url: str = PROMOTION_URL, api_key: str | None = None) -> None:
        self._promotion = Transport(url, api_key)

    @classmethod
    def from_environment(cls) -> Ledger:
        """The service that RINGRIFT_PROMOTION_URL names, with the key in RINGRIFT_PROMOTION_KEY or RINGRIFT_API_KEY."""
        return cls(os.environ.get("RINGRIFT_PROMOTION_URL") or PROMOTION_URL, key_for("promotion"))

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self._promotion.close()

    def canonical(self, configuration: str, at: str | None = None) -> Any:
        """The canonical version, now or at a moment (ISO 8601, with its zone)."""
        return self._get(_of(configuration, "canonical"), at=at)

    def versions(self, configuration: str, limit: int = 100, before: int | None = None) -> Any:
        """A page of the pointer's history, newest first."""
        return self._get(_of(configuration, "versions"), limit=limit, before=before)

    def roll_back(
        self,
        configuration: str,
        reason: str,
        to_version: int | None = None,
        seen: int | None = None,
        *,
        mark: bool = True,
    ) -> Any:
        """Make an earlier version's bytes canonical again; the newest before that are not marked as bad, if none is named."""
        body = {"reason": reason, "mark": mark} | ({} if to_version is None else {"to_version": to_version})
        return self._change("POST", _of(configuration, "rollback"), body, seen)

    def epoch(self) -> Any:
        """The epoch that the ledger is in."""
        return self._get("/v1/epochs/present")

    def restored(self, reason: str, *, dry_run: bool = False) -> Any:
        """Say that the ledger was restored from a backup: it begins an epoch, and nodes go by what is canonical now."""
        return self._change("POST", "/v1/epochs", {"reason": reason, "dry_run": dry_run})

    def status(self) -> Any:
        """The suite at a glance."""
        return self._get("/status")

    def decisions(self, configuration: str | None = None, limit: int = 50, before: str | None = None) -> Any:
        """A page of decisions, newest first."""
        return self._get("/v1/decisions", configuration=configuration, limit=limit, before=before)

    def decision(self, decision_id: str) -> Any:
        """A decision with its evidence."""
        return self._get(f"/v1/decisions/{quote(decision_id, safe='')}")

    def rejudge(self, decision_id: str, gates: Mapping[str, Any] | None = None) -> Any:
        """What a decision's games would say under another policy, the one in force if none is given. Nothing follows from it."""
        body = {} if gates is None else {"gates": dict(gates)}
        return self._change("POST", f"/v1/decisions/{quote(decision_id, safe='')}/rejudge", body)

    def approvals(self, configuration: str | None = None, state: str | None = None, limit: int = 50) -> Any:
        """Candidates that wait or waited for a person, newest first."""
        return self._get("/v1/approvals", configuration=configuration, state=state, limit=limit)

    def approve(self, decision_id: str, reason: str | None = None, seen: int | None = None) -> Any:
        """Promote a candidate that waits; returns the canonical version that it is now."""
        body = {} if reason is None else {"reason": reason}
        return self._change("POST", f"/v1/decisions/{quote(decision_id, safe='')}/approve", body, seen)

    def reject(self, decision_id: str, reason: str) -> Any:
        """Refuse a candidate that waits, and mark its bytes as bad."""
        return self._change("POST", f"/v1/decisions/{quote(decision_id, safe='')}/reject", {"reason": reason})

    def holds(self, configuration: str | None = None, limit: int = 50, *, lifted: bool = False) -> Any:
        """What people laid on configurations, newest first; with `lifted` also in the past."""
        return self._get("/v1/holds", configuration=configuration, limit=limit, lifted=lifted or None)

    def place(self, configuration: str, what: str, reason: str, version: int | None = None) -> Any:
        """Place a hold: `pause`, `pin`, or `marks/DIGEST`."""
        body = {"reason": reason} | ({} if version is None else {"version": version})
        return self._change("PUT", _of(configuration, what), body)

    def lift(self, configuration: str, what: str, reason: str) -> Any:
        """Lift a hold: `pause`, `pin`, or `marks/DIGEST`."""
        return self._promotion.call("DELETE", _of(configuration, what), params={"reason": reason})

    def policies(self) -> Any:
        """The gate policy in force for every configuration."""
        return self._get("/v1/policies")

    def policy(self, configuration: str) -> Any:
        """The gate policy in force for one."""
        return self._get(f"/v1/policies/{quote(configuration, safe='')}")

    def policy_versions(self, configuration: str, limit: int = 50) -> Any:
        """What people set for a configuration, newest first."""
        return self._get(f"/v1/policies/{quote(configuration, safe='')}/versions", limit=limit)

    def set_policy(self, configuration: str, gates: Mapping[str, Any], reason: str, seen: int | None = None) -> Any:
        """Set the gate policy of a configuration, whole."""
        body = {"gates": dict(gates), "reason": reason}
        return self._change("PUT", f"/v1/policies/{quote(configuration, safe='')}", body, seen)

    def reset_policy(self, configuration: str, reason: str, seen: int | None = None) -> Any:
        """Go back to the environment's policy."""
        path = f"/v1/policies/{quote(configuration, safe='')}"
        return self._promotion.call("DELETE", path, params={"reason": reason}, headers=_as_seen(seen))

    def audit(
        self, configuration: str | None = None, limit: int = 100, before: int | None = None, after: int | None = None
    ) -> Any:
        """A page of who did what, newest first; with `after` oldest first from there, beginning with 0."""
        return self._get("/v1/audit", configuration=configuration, limit=limit, before=before, after=after)

    def audit_rows(self, configuration: str | None = None) -> Iterator[Any]:
        """Every row of the audit, oldest first."""
        place: int | None = 0
        while place is not None:
            page = self.audit(configuration, limit=1000, after=place)
            yield from page["items"]
            place = page["next"]

    def audit_verification(self) -> Any:
        """Whether the audit is what was written, as the service finds it."""
        return self._get("/v1/audit/verification")

    def create_key(
        self, name: str, service: str, scope: str, days: float | None = None, reason: str | None = None
    ) -> Any:
        """Make an API key; the answer has it as `key`, and nobody is told it again."""
        body = {"name": name, "service": service, "scope": scope, "days": days, "reason": reason}
        return self._change("POST", "/v1/keys", body)

    def keys(
        self, service: str | None = None, limit: int = 100, before: str | None = None, *, revoked: bool = False
    ) -> Any:
        """A page of the API keys that were made, newest first; with `revoked` also those that are not good any more."""
        return self._get("/v1/keys", service=service, limit=limit, before=before, revoked=revoked or None)

    def revoke_key(self, key_id: str, reason: str) -> Any:
        """End an API key for ever."""
        return self._promotion.call("DELETE", f"/v1/keys/{quote(key_id, safe='')}", params={"reason": reason})

    def curriculum(self) -> Any:
        """How much of the training each configuration should get."""
        return self._get("/v1/curriculum")

    def webhooks(self) -> Any:
        """Who is told of events, and how each fares."""
        return self._get("/v1/webhooks")

    def add_webhook(self, url: str, types: Sequence[str] = (), format: str = "json") -> Any:
        """Have a receiver told of events from now on, of all types if none is given; the answer alone has its `secret`. `format`:
        json for the events themselves, slack or discord for messages to such a chat."""
        return self._change("POST", "/v1/webhooks", {"url": url, "types": list(types), "format": format})

    def remove_webhook(self, webhook_id: str) -> Any:
        """Tell a receiver nothing more."""
        return self._promotion.call("DELETE", f"/v1/webhooks/{quote(webhook_id, safe='')}")

    def replay_webhook(self, webhook_id: str, after: str | None = None) -> Any:
        """Send again everything after a cursor of the feed, what is dead without one."""
        asked = {} if after is None else {"after": after}
        return self._promotion.call("POST", f"/v1/webhooks/{quote(webhook_id, safe='')}/replay", params=asked)

    def _get(self, path: str, **params: Any) -> Any:
        return self._promotion.call("GET", path, params={key: each for key, each in params.items() if each is not None})

    def _change(self, method: str, path: str, body: Mapping[str, Any], seen: int | None = None) -> Any:
        return self._promotion.call(method, path, json=dict(body), headers=_as_seen(seen))


def _as_seen(version: int | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": f'"{version}"'}


def _of(configuration: str, what: str) -> str:
    """A path of a configuration. Whatever people give for one stays one part of it."""
    return f"/v1/configurations/{quote(configuration, safe='')}/{quote(what)}"
