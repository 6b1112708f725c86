"""Having a canonical version delivered again: the same as the runbook's request."""

from __future__ import annotations

from fastapi import Request, Response

from services.promotion.console.confirming import SEEN, seen_in
from services.promotion.console.forms import Form
from services.promotion.console.reasons import reason_in
from services.promotion.console.rendering import page
from services.promotion.console.routes import new_pages, see
from services.promotion.console.visit import require_right
from shared.contract.words import ConfigurationKey
from shared.web.keys import OPERATE, actor

router = new_pages()


@router.get("/configurations/{configuration}/redelivery")
async def ask_to_deliver(request: Request, configuration: ConfigurationKey) -> Response:
    """What it means."""
    require_right(request, "operate")
    head = await request.app.state.service.pointer.canonical(configuration)
    consequences = [
        f"Every node is told again, at once, to hold version {head.version} of {configuration}, one whose breaker is open too.",
        "Those that are left alone, and those whose wave is to come, still wait; those that hold it fetch nothing.",
    ]
    return page(
        request, "act.html", title=f"Deliver {configuration} again", consequences=consequences, grave=False,
        action=f"/configurations/{configuration}/redelivery", back=f"/configurations/{configuration}", fields={SEEN: head.version},
    )  # fmt: skip


@router.post("/configurations/{configuration}/redelivery", dependencies=[OPERATE])
async def deliver(request: Request, configuration: ConfigurationKey, form: Form) -> Response:
    """Do it, if the canonical version is still the one that was shown."""
    require_right(request, "operate")
    seen, file = seen_in(form), f"models/canonical_{configuration}.pth"
    by = await actor(request)
    done = await request.app.state.service.pointer.distribute(file, by, reason_in(form), seen, force=False)
    return see(request, f"/distributions/{configuration}:{done.head.version}")
