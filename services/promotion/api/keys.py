"""API keys: made, listed, revoked; and those that are good now, for the services that take them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response

from services.promotion.api.dependencies import Caller, Service, Who
from services.promotion.api.holds import Because
from services.promotion.api.problems import KeyTooStrong, TooManyKeys
from services.promotion.api_key import WantedKey
from services.promotion.schemas import GoodKey, GoodKeys, KeyPage, KeyRequest, KeyView, MadeKey
from shared.contract.words import KEY_ID_PATTERN, KeyId, ServiceName
from shared.process.credentials import ANYONE, MOST_TOLD
from shared.web.application import Limit, new_router
from shared.web.keys import OPERATE
from shared.web.problems import NotFound, problems

router = new_router("keys", prefix="/v1/keys")
InPath = Annotated[
    str, Path(pattern=KEY_ID_PATTERN, description="As the list and the key itself have it", examples=["3f2a9c1e"])
]


@router.post("", status_code=201, dependencies=[OPERATE], responses=problems(KeyTooStrong, TooManyKeys))
async def create_key(service: Service, body: KeyRequest, who: Who, caller: Caller, response: Response) -> MadeKey:
    """Make a key, whose secret is in this answer and nowhere else. It may be good for nothing that the caller's own is not."""
    wanted = WantedKey(**body.model_dump())
    made, secret = await service.keys.create(wanted, who, caller)
    response.headers.update({"Location": f"/v1/keys/{made.id}", "Cache-Control": "no-store"})
    return MadeKey.of(made, secret)


@router.get("")
async def list_keys(
    service: Service,
    of: Annotated[ServiceName | None, Query(alias="service", description="Of one service only")] = None,
    before: Annotated[KeyId | None, Query(description="Only what is older than this, by its id")] = None,
    limit: Limit = 100,
    revoked: Annotated[bool, Query(description="Those too that are not good any more")] = False,
) -> KeyPage:
    """Keys, newest first; pass `next` as `before` to go on. Those of the services' environments are not among them."""
    found = await service.keys.page(of, before, limit, revoked=revoked)
    more = found[-1].id if len(found) == limit else None
    return KeyPage(items=[KeyView.model_validate(each) for each in found], next=more)


@router.delete("/{key_id}", dependencies=[OPERATE], responses=problems(NotFound, KeyTooStrong))
async def revoke_key(service: Service, key_id: InPath, who: Who, caller: Caller, reason: Because) -> KeyView:
    """End a key for ever. This service refuses it at once or within 2 seconds, the others when they ask again."""
    return KeyView.model_validate(await service.keys.revoke(key_id, who, caller, reason))


@router.get("/good")
async def list_good_keys(
    service: Service,
    caller: Caller,
    of: Annotated[ServiceName, Query(alias="service", description="Who asks")],
    used: Annotated[
        list[KeyId], Query(max_length=MOST_TOLD, description="Which were presented there since it asked last: noted by "
        "the day, if it asks under a key of the environment that has its name")
    ] = [],  # noqa: B006
) -> GoodKeys:  # fmt: skip
    """The keys that a service takes now, by their hashes, as the gauntlet and the distribution service ask for theirs."""
    believed = used if caller == ANYONE or caller.name == of else ()
    return GoodKeys(items=[GoodKey.model_validate(each) for each in await service.keys.good(of, believed)])
