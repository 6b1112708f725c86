"""What the services beside the promotion service say of people's acts: the audit, which that one keeps, has a row for each.

The act and the event are one transaction, so nobody acts without a row; which acts a service may speak of, its own type says.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.contract.events.envelope import UNKNOWN_SUBJECT, EventData
from shared.contract.words import MOST_ID, STORABLE, AuditAction, ConfigurationKey, PersonsReason

Fact = Annotated[str, Field(max_length=300, pattern=STORABLE)] | Annotated[int, Field(ge=0, le=MOST_ID)]


class Acted(EventData):
    """Base of what is said of an act. `about`: what it was done to, by kind."""

    action: AuditAction
    configuration: ConfigurationKey | None = None
    actor: str = Field(
        min_length=1, max_length=200, pattern=STORABLE, description="The name of the key", examples=["anna"]
    )
    address: str | None = Field(
        default=None, max_length=100, pattern=STORABLE, description="Where the request came from"
    )
    about: dict[Annotated[str, Field(pattern="^[a-z_]{1,40}$")], Fact] = Field(max_length=20)
    reason: PersonsReason | None = None

    @property
    def subject(self) -> str:
        """The configuration, where it concerns one."""
        return self.configuration or UNKNOWN_SUBJECT

    @property
    def summary(self) -> str:
        """What was done, by whom."""
        return f"{self.action} by {self.actor}"
