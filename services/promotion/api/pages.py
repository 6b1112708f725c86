"""Pages of lists that have an item for each configuration, in the order of their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol, TypeVar

from fastapi import Query

from services.promotion.api.dependencies import parsed
from shared.contract.words import LONGEST_CONFIGURATION, MOST_CONFIGURATIONS

AfterConfiguration = Annotated[
    str | None,
    Query(max_length=LONGEST_CONFIGURATION, description="Only configurations with later names", examples=["hex8_2p"]),
]
AllAtOnce = Annotated[int, Query(ge=1, le=MOST_CONFIGURATIONS, description="Most items to answer")]


class OfConfiguration(Protocol):
    """Something of a configuration."""

    @property
    def configuration(self) -> str: ...


Item = TypeVar("Item", bound=OfConfiguration)


def after_configuration(items: Sequence[Item], after: str | None, limit: int) -> list[Item]:
    """A page of the items. InvalidConfiguration if `after` is none."""
    last = parsed(after) if after else ""
    return sorted((each for each in items if each.configuration > last), key=lambda each: each.configuration)[:limit]
