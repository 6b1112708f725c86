"""What people lay on a configuration: a pause, a pin, marks on bytes. The same use cases as the API's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query, Request, Response

from services.promotion.api.dependencies import KnownConfiguration, Service, Who
from services.promotion.console.confirming import Act, confirm
from services.promotion.console.desk import Model
from services.promotion.console.forms import Form, checked
from services.promotion.console.rendering import page
from services.promotion.console.routes import new_pages, see
from services.promotion.errors import PageRefusedError
from services.promotion.hold import PlacedHold, hold_of
from services.promotion.schemas import ReasonGiven
from shared.contract.words import HoldKind
from shared.web.keys import OPERATE

router = new_pages()
SHOWN = 100
PATH = "/configurations/{configuration}/holds"
WORDS: Mapping[str, tuple[HoldKind, str, str]] = {
    "pause": (HoldKind.PAUSE, "Pause", "No candidate of a trainer is promoted by itself: what passes waits for approval."),
    "resume": (HoldKind.PAUSE, "Resume", "Candidates of trainers are promoted by themselves again; what waits goes on waiting."),
    "pin": (HoldKind.PIN, "Pin", "The pointer stays where it is, whoever wants to move it, until it is unpinned."),
    "unpin": (HoldKind.PIN, "Unpin", "The pointer may be moved again."),
    "mark": (HoldKind.MARK, "Mark as bad", "No candidate with these bytes is promoted here, but by force."),
    "unmark": (HoldKind.MARK, "Take the mark off", "Candidates with these bytes may be promoted again."),
}  # fmt: skip
PLACING = ("pause", "pin", "mark")


@router.get(PATH)
async def holds(request: Request, service: Service, configuration: KnownConfiguration) -> Response:
    """What holds now."""
    found = await service.holds.page(configuration, None, SHOWN, lifted=False)
    marks = [each for each in found if each.kind is HoldKind.MARK]
    pause, pin = hold_of(HoldKind.PAUSE, found), hold_of(HoldKind.PIN, found)
    return page(request, "holds.html", configuration=configuration, pause=pause, pin=pin, marks=marks)


@router.get(f"{PATH}/confirm", dependencies=[OPERATE])
async def confirm_hold(
    request: Request, service: Service, configuration: KnownConfiguration, act: Annotated[str, Query(max_length=10)],
    reason: Annotated[str, Query(min_length=1, max_length=1000)], digest: Annotated[str, Query(max_length=64)] = "",
) -> Response:  # fmt: skip
    """What the act will do."""
    _, title, sentence = _known(act)
    path = f"/configurations/{configuration}/holds"
    about = f"It is about the bytes {digest}." if digest else f"It is about {configuration}."
    if act == "pin":
        head = await service.pointer.canonical(configuration)
        about = f"{configuration} is at version {head.version}, and stays there."
    fields = {"act": act, "reason": reason, "digest": digest}
    return confirm(
        request, Act(f"{title} {configuration}?", [sentence, about, "No node changes."], fields, path, title, path)
    )


@router.post(PATH, dependencies=[OPERATE])
async def hold(request: Request, model: Model, configuration: KnownConfiguration, form: Form, who: Who) -> Response:
    """Place a hold, or lift one."""
    act, service = form.get("act", ""), model.service
    kind, _, _ = _known(act)
    reason = checked(ReasonGiven, reason=form.get("reason", "")).reason
    digest = form.get("digest") or None if kind is HoldKind.MARK else None
    if act in PLACING:
        version = (await service.pointer.canonical(configuration)).version if kind is HoldKind.PIN else None
        wanted = PlacedHold(
            configuration=configuration, kind=kind, reason=reason, placed_by=who.name, version=version, digest=digest
        )
        await service.holds.place(wanted, who)
    else:
        await service.holds.lift(configuration, kind, digest, who, reason)
    model.kept.forget()
    return see(request, f"/configurations/{configuration}/holds")


def _known(act: str) -> tuple[HoldKind, str, str]:
    if act not in WORDS:
        raise PageRefusedError(f"there is no act {act}; choose one of {', '.join(WORDS)}")
    return WORDS[act]
