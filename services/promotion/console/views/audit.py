"""The audit: who did what, newest first, and whether it is what was written."""

from __future__ import annotations

from typing import Annotated, get_args

from fastapi import Query, Request, Response

from services.promotion.console.rendering import page
from services.promotion.console.routes import new_pages
from shared.contract.words import CONFIGURATION_PATTERN, MOST_ID, AuditAction

router = new_pages()
AT_ONCE = 100
ACTIONS: tuple[str, ...] = get_args(AuditAction)
Chosen = Annotated[str | None, Query(max_length=103, pattern=f"{CONFIGURATION_PATTERN}|^$")]


@router.get("/audit")
async def audit_page(
    request: Request,
    configuration: Chosen = None,
    action: Annotated[AuditAction | str | None, Query(max_length=40)] = None,
    actor: Annotated[str | None, Query(max_length=200)] = None,
    before: Annotated[int | None, Query(ge=0, le=MOST_ID)] = None,
    verify: bool = False,
) -> Response:
    """Rows of the audit; of one configuration, action or person, if asked for. With `verify` the whole of it is verified."""
    audit = request.app.state.service.audit
    known = action if action in ACTIONS else None
    chosen = {"configuration": configuration or None, "action": known, "actor": actor or None}
    found = await audit.page(chosen["configuration"], before, None, AT_ONCE, action=known, actor=chosen["actor"])
    more = found[-1].id if len(found) == AT_ONCE else None
    checked = await audit.verify() if verify else None
    given = {name: each for name, each in chosen.items() if each}
    return page(
        request, "audit.html", rows=found, next=more, chosen=chosen, given=given, actions=ACTIONS, checked=checked
    )
