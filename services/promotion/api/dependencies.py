"""What the routes depend on."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Request

from services.promotion.api.problems import InvalidConfiguration, VersionMoved
from services.promotion.service import PromotionService
from shared.contract.audit_chain import Actor
from shared.contract.configuration import Configuration
from shared.contract.words import LONGEST_CONFIGURATION, NOBODYS_CONFIGURATION, NOBODYS_ID
from shared.process import credentials
from shared.web.application import service_of
from shared.web.keys import actor

Service = Annotated[PromotionService, Depends(service_of)]


async def known_configuration(
    configuration: Annotated[
        str,
        Path(max_length=LONGEST_CONFIGURATION, description="Board type and number of players", examples=["hex8_2p"]),
    ],
) -> str:
    """A configuration in the path, of which something is told."""
    return parsed(configuration)


async def changed_configuration(
    configuration: Annotated[
        str,
        Path(
            max_length=LONGEST_CONFIGURATION,
            description="Board type and number of players",
            examples=[NOBODYS_CONFIGURATION],
        ),
    ],
) -> str:
    """A configuration in the path, of which something is changed."""
    return parsed(configuration)


def parsed(configuration: str) -> str:
    """The configuration, if it is one; InvalidConfiguration otherwise."""
    try:
        return str(Configuration.parse(configuration))
    except ValueError as error:
        raise InvalidConfiguration(str(error)) from None


KnownConfiguration = Annotated[str, Depends(known_configuration)]
ChangedConfiguration = Annotated[str, Depends(changed_configuration)]
DecisionId = Annotated[UUID, Path(description="Of the decision", examples=[NOBODYS_ID])]


async def the_caller(request: Request) -> credentials.Caller:
    """Who is calling, with what they may do."""
    caller: credentials.Caller = request.state.caller
    return caller


Caller = Annotated[credentials.Caller, Depends(the_caller)]
Who = Annotated[Actor, Depends(actor)]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=100,
        description='The version that you saw, as its ETag, such as "7"; "0" for none yet',
        examples=['"7"'],
    ),
]


async def seen_version(if_match: IfMatch = None) -> int | None:
    """Which version the caller saw, None if that does not matter; VersionMoved for what no version ever is called."""
    if if_match is None or if_match.strip() == "*":
        return None
    match = re.fullmatch(r'(?:W/)?"?([0-9]{1,9})"?', if_match.strip())
    if match is None:
        raise VersionMoved(f'{if_match!r} is no version; the ETag of one is like "7"')
    return int(match[1])


SeenVersion = Annotated[int | None, Depends(seen_version)]


def tag(version: int) -> dict[str, str]:
    """The ETag of a version, as headers."""
    return {"ETag": f'"{version}"'}
