"""What the routes depend on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from services.promotion.api.problems import InvalidConfiguration
from services.promotion.service import PromotionService
from shared.contract.configuration import Configuration
from shared.web.application import service_of

Service = Annotated[PromotionService, Depends(service_of)]


def known_configuration(configuration: Annotated[str, Path(max_length=100, examples=["hex8_2p"])]) -> str:
    """A configuration in the path."""
    return parsed(configuration)


def parsed(configuration: str) -> str:
    """The configuration, if it is one; InvalidConfiguration otherwise."""
    try:
        return str(Configuration.parse(configuration))
    except ValueError as error:
        raise InvalidConfiguration(str(error)) from None


KnownConfiguration = Annotated[str, Depends(known_configuration)]
