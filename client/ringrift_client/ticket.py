"""A ticket: what became of a model that was submitted, now or once it is decided. Reads, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from ringrift_client.errors import RefusedError
from ringrift_client.evaluations import Evaluations
from ringrift_client.ledger import Ledger
from ringrift_client.trainings import Trainings
from ringrift_client.waiting import NotYetError, wait_until

POLL_SECONDS = 1.0
PAGE = 100
TicketState = Literal["taken", "spooled", "refused", "failed"]
"""taken: the gauntlet service has it; spooled: it waits here until that can be reached; refused: it never will be evaluated;
failed: it could not even be kept here."""


@dataclass(frozen=True)
class Finding:
    """What the suite says of a model. `verdict`: of the games, None where none were judged; `disposition`: what became of it, None
    where nothing was decided; `code`: why, for programs; `version`: if it was promoted."""

    verdict: str | None
    disposition: str | None
    code: str
    reasons: tuple[str, ...]
    decision_id: str | None = None
    version: int | None = None

    @property
    def promoted(self) -> bool:
        """Whether it became canonical."""
        return self.disposition == "promoted"


@dataclass(frozen=True)
class Doors:
    """The services that a ticket asks."""

    trainings: Trainings
    evaluations: Evaluations
    ledger: Ledger


@dataclass(frozen=True)
class Ticket:
    """One submitted model. `state`: as it was when it was submitted, with the `reason` where it is not taken."""

    source: str
    event_id: str
    configuration: str
    state: TicketState
    digest: str | None = None
    reason: str | None = None
    _doors: Doors | None = field(default=None, repr=False, compare=False)
    _flush: Callable[[], object] = field(default=lambda: None, repr=False, compare=False)

    def verdict(self, seconds: float = 3600.0) -> Finding:
        """Wait until it is decided, for so many seconds. NotYetError says what is missing then, RefusedError that a key is not good
        for asking: the gauntlet's has to be of scope `read` or `train`, the promotion service's of scope `read`."""
        if self.state in ("refused", "failed") or self._doors is None:
            return Finding(None, None, f"submission_{self.state}", (self.reason or "",))
        doors = self._doors

        def decided() -> tuple[Any, str]:
            try:
                return self._look(doors)
            except RefusedError as error:
                if error.status < 500:
                    return error, ""
                raise

        try:
            found = wait_until(decided, seconds, poll_seconds=POLL_SECONDS)
        except NotYetError as missing:
            raise NotYetError(f"{self.event_id} is not decided after {seconds:g} s: {missing}") from None
        if isinstance(found, RefusedError):
            raise found
        answer: Finding = found
        return answer

    def _look(self, doors: Doors) -> tuple[Finding | None, str]:
        training = doors.trainings.find(self.source, self.event_id)
        if training is None:
            self._flush()
            return None, "the gauntlet service has not taken it"
        if training["state"] == "rejected":
            return Finding(None, None, "training_rejected", (training["reason"],)), ""
        if training["evaluation_state"] == "failed":
            failed = doors.evaluations.read(training["evaluation_id"])
            return Finding(None, None, failed["failure_code"], (failed["failure_reason"],)), ""
        if training["evaluation_state"] != "completed":
            return None, f"its evaluation is {training['evaluation_state']}"
        return self._decision(doors.ledger, training["evaluation_id"])

    def _decision(self, ledger: Ledger, evaluation_id: str) -> tuple[Finding | None, str]:
        """The newest decision on these bytes, at the earliest that of the evaluation: a stale one is followed by another."""
        before, newest = None, None
        while True:
            page = ledger.decisions(self.configuration, PAGE, before)
            for each in page["items"]:
                newest = newest or (each if each["digest"] == self.digest else None)
                if each["evaluation_id"] == evaluation_id:
                    return _finding(ledger, newest or each)
            before = page["next"]
            if before is None:
                return None, "it is played, and not decided yet"


def _finding(ledger: Ledger, decision: Any) -> tuple[Finding | None, str]:
    if decision["code"] == "evaluated_again":
        return None, f"it is evaluated again: {'; '.join(decision['reasons'])}"
    version = None
    if decision["disposition"] == "promoted":
        versions = ledger.versions(decision["configuration"], 1000)["items"]
        version = next((each["version"] for each in versions if each["decision_id"] == decision["id"]), None)
    reasons = tuple(filter(None, (decision["why"], *decision["reasons"])))
    return Finding(decision["verdict"], decision["disposition"], decision["code"], reasons, decision["id"], version), ""
