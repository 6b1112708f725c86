"""Gate policies: what holds for each configuration, its history, and setting another one."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from services.promotion.console.confirming import SEEN, seen_in
from services.promotion.console.forms import Form
from services.promotion.console.policy_words import Difference, differences, policy_of, terms
from services.promotion.console.reasons import reason_in
from services.promotion.console.rendering import page
from services.promotion.console.routes import new_pages, see
from services.promotion.console.visit import require_right
from services.promotion.policy_version import PolicyVersion
from services.promotion.service.policies import InForce
from shared.contract.policy import GatePolicy
from shared.contract.words import MOST_VERSION, ConfigurationKey
from shared.web.keys import OPERATE, actor

router = new_pages()
AT_ONCE = 20
Before = Annotated[int | None, Query(ge=1, le=MOST_VERSION)]


@router.get("/policies")
async def policies_page(request: Request) -> Response:
    """The policy in force of every configuration."""
    return page(request, "policies.html", items=await request.app.state.service.policies.issue_all())


@router.get("/policies/{configuration}")
async def policy_page(request: Request, configuration: ConfigurationKey, before: Before = None) -> Response:
    """The policy of one configuration, and what people set before it."""
    service = request.app.state.service.policies
    present: InForce = await service.issue(configuration)
    found: list[PolicyVersion] = await service.history(configuration, before, AT_ONCE + 1)
    more = found[AT_ONCE - 1].version if len(found) > AT_ONCE else None
    return page(
        request, "policy.html", configuration=configuration, present=present, terms=terms(present.gates),
        versions=_changes(found, service.settings.policy())[:AT_ONCE], next=more,
    )  # fmt: skip


@router.get("/policies/{configuration}/edit")
async def edit_page(request: Request, configuration: ConfigurationKey) -> Response:
    """A form with the policy as it is."""
    require_right(request, "operate")
    present: InForce = await request.app.state.service.policies.issue(configuration)
    return page(
        request, "policy_edit.html", configuration=configuration, terms=terms(present.gates), seen=present.version.version
    )  # fmt: skip


@router.post("/policies/{configuration}/edit", dependencies=[OPERATE])
async def ask_to_set(request: Request, configuration: ConfigurationKey, form: Form) -> Response:
    """What setting this policy means; nothing is changed yet."""
    require_right(request, "operate")
    present: InForce = await request.app.state.service.policies.issue(configuration)
    wanted = policy_of(form)
    fields = {key: form[key] for key in GatePolicy.model_fields if key in form} | {SEEN: form.get(SEEN, "")}
    return _ask(request, configuration, "set", f"Set the policy of {configuration}", present, wanted, fields)


@router.get("/policies/{configuration}/reset")
async def ask_to_reset(request: Request, configuration: ConfigurationKey) -> Response:
    """What going back to the environment's policy means."""
    require_right(request, "operate")
    service = request.app.state.service.policies
    present: InForce = await service.issue(configuration)
    title = f"Go back to the environment's policy for {configuration}"
    return _ask(
        request,
        configuration,
        "reset",
        title,
        present,
        service.settings.policy(),
        {SEEN: str(present.version.version)},
    )


@router.post("/policies/{configuration}/set", dependencies=[OPERATE])
async def set_policy(request: Request, configuration: ConfigurationKey, form: Form) -> Response:
    """Set it, if the one that was seen still holds."""
    return await _set(request, configuration, form, policy_of(form))


@router.post("/policies/{configuration}/reset", dependencies=[OPERATE])
async def reset_policy(request: Request, configuration: ConfigurationKey, form: Form) -> Response:
    """Go back to the environment's, if the one that was seen still holds."""
    return await _set(request, configuration, form, None)


async def _set(request: Request, configuration: str, form: Form, gates: GatePolicy | None) -> Response:
    require_right(request, "operate")
    by = await actor(request)
    await request.app.state.service.policies.set(configuration, gates, by, reason_in(form), seen_in(form))
    return see(request, f"/policies/{configuration}")


def _ask(
    request: Request, configuration: str, verb: str, title: str, present: InForce, wanted: GatePolicy, fields: dict[str, str]
) -> Response:  # fmt: skip
    changes = [f"{each.name}: {each.before} becomes {each.after}." for each in differences(present.gates, wanted)]
    stale = "Evaluations that are played under the policy before go stale, and are evaluated again under this one."
    no_gate = ["Models that merely load may pass: no games are played at all."] if wanted.skip_games else []
    consequences = [*(changes or ["Nothing changes: it is the policy in force."]), *no_gate, stale]
    back = f"/policies/{configuration}"
    return page(
        request, "act.html", title=title, consequences=consequences, action=f"{back}/{verb}", back=back, grave=wanted.skip_games,
        fields=fields,
    )  # fmt: skip


def _changes(found: list[PolicyVersion], environment: GatePolicy) -> list[tuple[PolicyVersion, list[Difference]]]:
    """Each version with what it changed: against the one before, and the first against the environment's as it is now."""
    gates = [each.gates or environment for each in found]
    before = [*gates[1:], environment]
    return [(each, differences(*pair)) for each, pair in zip(found, zip(before, gates, strict=True), strict=True)]
