"""Having a model promoted: evaluated first, only looked at, or forced. The same use case as `POST /admin/promote`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import uuid4

from fastapi import Query, Request, Response
from pydantic import ValidationError

from services.promotion.api.dependencies import Service, Who
from services.promotion.console.confirming import ONCE, SEEN, Act, confirm, seen_in
from services.promotion.console.desk import Model
from services.promotion.console.foretelling import of_promotion
from services.promotion.console.forms import Form
from services.promotion.console.rendering import page
from services.promotion.console.routes import new_pages, see
from services.promotion.console.visit import Visit, require_right
from services.promotion.promotion_request import RequestedPromotion
from services.promotion.schemas import PromoteRequest
from shared.contract.configuration import Configuration
from shared.contract.words import BOARD_TYPES, PLAYER_COUNTS
from shared.web.keys import OPERATE, require_force

router = new_pages()
KINDS = ("promote", "dry-run", "force")
TITLES = {"promote": "Promote {}?", "dry-run": "Try {} without promoting it?", "force": "Promote {} without games?"}
BUTTONS = {"promote": "Evaluate and promote", "dry-run": "Evaluate", "force": "Force"}
Text = Annotated[str, Query(max_length=2000)]


@router.get("/promote", dependencies=[OPERATE])
async def promote_page(request: Request, model: Model, configuration: Text = "", model_path: Text = "") -> Response:
    """Where a model and its configuration are named."""
    return await _form(request, model, {"configuration": configuration, "model_path": model_path}, None)


@router.get("/promote/confirm", dependencies=[OPERATE])
async def confirm_promotion(
    request: Request, model: Model, configuration: Text = "", model_path: Text = "", kind: Text = "promote", games: Text = "",
    reason: Text = "",
) -> Response:  # fmt: skip
    """What the promotion will do."""
    filled = {
        "configuration": configuration.strip(), "model_path": model_path.strip(), "kind": kind, "games": games.strip(),
        "reason": reason.strip(),
    }  # fmt: skip
    try:
        key, asked = _asked(filled)
    except ValueError as error:
        return await _form(request, model, filled, _words(error))
    if asked.force:
        require_right(request, "force")
    status, policy = await model.status(), (await model.service.policies.issue(key)).gates
    head = status.promotion_status.configurations.get(key)
    sentences = of_promotion(status, key, asked, policy, request.app.state.desk.owed_seconds)
    act = Act(
        TITLES[kind].format(asked.model_path), sentences, {**filled, SEEN: str(head.version if head else 0)}, "/promote",
        BUTTONS[kind], "/promote", is_danger=asked.force,
    )  # fmt: skip
    return confirm(request, act)


@router.post("/promote", dependencies=[OPERATE])
async def promote(request: Request, service: Service, model: Model, form: Form, who: Who) -> Response:
    """Ask for it; the page of the request shows what becomes of it."""
    try:
        key, asked = _asked(form)
    except ValueError as error:
        return await _form(request, model, form, _words(error))
    if asked.force:
        require_force(request)
    wanted = RequestedPromotion(
        id=uuid4(), configuration=key, model_path=asked.model_path, games=asked.gauntlet_games,
        kind="forced" if asked.force else "manual", dry_run=asked.dry_run, asked_by=who.name, why=asked.reason,
        seen_version=seen_in(form), idempotency_key=form.get(ONCE),
    )  # fmt: skip
    opened = await service.requests.ask(wanted, who)
    model.kept.forget()
    return see(request, f"/promotion-requests/{opened.id}")


def _asked(filled: Mapping[str, str]) -> tuple[str, PromoteRequest]:
    """What a form asks for, held to what the API takes. ValueError with what is wrong."""
    configuration = Configuration.parse(filled.get("configuration", ""))
    kind, games = filled.get("kind", ""), filled.get("games", "")
    if kind not in KINDS:
        raise ValueError(f"kind: choose one of {', '.join(KINDS)}")
    if games and not games.isdecimal():
        raise ValueError("games: give a number, or leave it empty")
    return str(configuration), PromoteRequest(
        model_path=filled.get("model_path", ""), board_type=configuration.board_type, num_players=configuration.num_players,
        gauntlet_games=int(games) if games else None, force=kind == "force", dry_run=kind == "dry-run",
        reason=filled.get("reason") or None,
    )  # fmt: skip


def _words(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(": ".join(filter(None, [" ".join(map(str, each["loc"])), each["msg"]])) for each in error.errors())


async def _form(request: Request, model: Model, filled: Mapping[str, str], wrong: str | None) -> Response:
    known = [f"{board}_{players}p" for board in BOARD_TYPES for players in PLAYER_COUNTS]
    heads = (await model.status()).promotion_status.configurations
    empty = {"configuration": "", "model_path": "", "kind": "promote", "games": "", "reason": ""}
    return page(
        request, "promote.html", 422 if wrong else 200, filled={**empty, **filled}, wrong=wrong,
        configurations=sorted({*known, *heads}), may_force=Visit.of(request).may("force"),
    )  # fmt: skip
