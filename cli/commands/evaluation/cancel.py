"""`ringrift evaluation cancel`: end an evaluation without evidence."""

from __future__ import annotations

from ringrift_client import GAUNTLET_URL

from cli.credentials import ApiKey
from cli.gauntlet import EvaluationId, GauntletUrl, evaluations_at, identity
from cli.ledger import MayReason
from cli.output import AsJson, Output


def cancel(
    evaluation_id: EvaluationId, reason: MayReason = None, gauntlet: GauntletUrl = GAUNTLET_URL, api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """End an evaluation: it fails as `cancelled`, and nothing is judged. Exit code 2 if it has ended before.

    Needs a key of scope `operate` where the suite wants keys.
    Example: ringrift evaluation cancel 6f0c... --reason "announced by mistake"
    """
    output = Output(as_json=as_json)
    with evaluations_at(gauntlet, api_key, output) as evaluations:
        detail = evaluations.cancel(identity(evaluation_id), reason)
    output.say(f"cancelled: {detail['id']}, {detail['configuration']}")
    output.result(detail)
