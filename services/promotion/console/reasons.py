"""Why a person does something, as its form has it."""

from __future__ import annotations

from collections.abc import Mapping

from services.promotion.errors import PageRefusedError

LONGEST = 900
"""Which leaves room for who it was."""


def reason_in(form: Mapping[str, str]) -> str:
    """The reason. PageRefusedError without one, or for one that is too long."""
    reason = form.get("reason", "").strip()
    if not reason:
        raise PageRefusedError("say why: whoever reads the audit later wants to know")
    if len(reason) > LONGEST:
        raise PageRefusedError(f"the reason has {len(reason)} characters; {LONGEST} are taken")
    return reason
