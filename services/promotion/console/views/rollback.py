"""Going back to an earlier version's bytes, as a new version. The same use case as `POST /v1/configurations/.../rollback`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from services.promotion.api.dependencies import KnownConfiguration, Service, Who
from services.promotion.console.confirming import SEEN, Act, confirm, seen_in
from services.promotion.console.desk import Model
from services.promotion.console.foretelling import of_rollback
from services.promotion.console.forms import Form, checked
from services.promotion.console.rendering import page
from services.promotion.console.routes import new_pages, see
from services.promotion.errors import UnknownError
from services.promotion.schemas import RollbackRequest
from shared.contract.words import MOST_VERSION
from shared.web.keys import OPERATE

router = new_pages()
SHOWN = 30
PATH = "/configurations/{configuration}/rollback"


@router.get(PATH, dependencies=[OPERATE])
async def rollback_page(request: Request, service: Service, configuration: KnownConfiguration) -> Response:
    """The versions that one can go back to."""
    head = await service.pointer.canonical(configuration)
    found = await service.pointer.history(configuration, None, SHOWN)
    marks = {each.digest for each in await service.holds.page(configuration, None, SHOWN, lifted=False) if each.digest}
    earlier = [each for each in found if each.digest != head.digest]
    good = next((each.version for each in earlier if each.digest not in marks), None)
    return page(request, "rollback.html", head=head, earlier=earlier, marks=marks, proposed=good)


@router.get(f"{PATH}/confirm", dependencies=[OPERATE])
async def confirm_rollback(
    request: Request, model: Model, configuration: KnownConfiguration,
    to_version: Annotated[int, Query(ge=1, le=MOST_VERSION)],
    reason: Annotated[str, Query(min_length=1, max_length=1000)], mark: str = "",
) -> Response:  # fmt: skip
    """What the rollback will do."""
    service, path = model.service, f"/configurations/{configuration}/rollback"
    head = await service.pointer.canonical(configuration)
    found = await service.pointer.history(configuration, to_version + 1, 1)
    if not found or found[0].version != to_version:
        raise UnknownError(f"{configuration} has no version {to_version}; the newest is {head.version}")
    said = of_rollback(await model.status(), head, found[0], mark=bool(mark))
    fields = {"to_version": str(to_version), "reason": reason, "mark": mark, SEEN: str(head.version)}
    act = Act(
        f"Roll {configuration} back to version {to_version}?", said, fields, path, "Roll back", path, is_danger=True
    )
    return confirm(request, act)


@router.post(PATH, dependencies=[OPERATE])
async def rollback(request: Request, model: Model, configuration: KnownConfiguration, form: Form, who: Who) -> Response:
    """Go back; the next page shows how that gets to the nodes."""
    to_version = form.get("to_version", "")
    asked = checked(
        RollbackRequest, to_version=int(to_version) if to_version.isdecimal() else None, reason=form.get("reason", ""),
        mark=bool(form.get("mark")),
    )  # fmt: skip
    head = await model.service.pointer.roll_back(
        configuration, asked.to_version, who, asked.reason, seen_in(form), mark=asked.mark
    )
    model.kept.forget()
    return see(request, f"/deliveries/{head.configuration}/{head.version}")
