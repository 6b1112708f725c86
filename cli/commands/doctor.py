"""`ringrift doctor`: the runbook's troubleshooting, done by the command: what is wrong, on what evidence, and what to do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from ringrift_client import DISTRIBUTION_URL, GAUNTLET_URL, PROMOTION_URL, FrontDoorError

from cli.credentials import ApiKey
from cli.distribution import DistributionUrl
from cli.doctor.checks import examined
from cli.doctor.facts import Enquiry
from cli.doctor.finding import Finding
from cli.gauntlet import GauntletUrl
from cli.ledger import ERROR, PromotionUrl
from cli.output import AsJson, Output

FINE, TROUBLE = 0, 1
STYLES = {"fine": "green", "note": "yellow", "trouble": "bold red"}


def doctor(
    hours: Annotated[float, typer.Option(min=0, max=87_600, help="What happened earlier is no news")] = 24,
    promotion: PromotionUrl = PROMOTION_URL,
    gauntlet: GauntletUrl = GAUNTLET_URL,
    distribution: DistributionUrl = DISTRIBUTION_URL,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Find out why a model was not promoted, or has not reached the nodes. It asks and reads; it mends nothing.

    Exit code: 0 nothing is wrong, though there may be notes; 1 something is; 2 error. Example: ringrift doctor --hours 1
    """
    output = Output(as_json=as_json)
    urls = {"promotion": promotion, "gauntlet": gauntlet, "distribution": distribution}
    try:
        with Enquiry(urls, api_key) as enquiry:
            findings = list(examined(enquiry.facts(hours)))
    except FrontDoorError as error:
        output.fail(str(error))
        raise typer.Exit(ERROR) from None
    for each in findings:
        _say(output, each)
    troubles = sum(each.level == "trouble" for each in findings)
    output.say(f"{troubles} trouble{'' if troubles == 1 else 's'} found", style="bold")
    output.result({"troubles": troubles, "findings": [asdict(each) for each in findings]})
    raise typer.Exit(TROUBLE if troubles else FINE)


def _say(output: Output, finding: Finding) -> None:
    output.say(f"{finding.level:8} {finding.check:14} {finding.text}", style=STYLES[finding.level])
    for line in finding.evidence:
        output.say(f"{'':23} {line}")
    if finding.remedy:
        output.say(f"{'':23} do: {finding.remedy}")


def register(root: typer.Typer) -> None:
    """Make it a sub-command."""
    root.command("doctor")(doctor)
