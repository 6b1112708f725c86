"""What a trainer or a script imports to ask a running suite; needs httpx and the standard library only.

from ringrift_client import Suite

ticket = Suite.from_environment().submit("checkpoints/epoch-40.pth", "hex8_2p")

from ringrift_client import FrontDoor

with FrontDoor.from_environment() as door:
    request = door.ask({"model_path": "models/my_model.pth", "board_type": "hex8", "num_players": 2})
    outcome = door.wait_for_outcome(request["id"], 3600, print)
"""

from ringrift_client.errors import FrontDoorError, MisconfiguredError, NotJsonError, RefusedError, UnreachableError
from ringrift_client.evaluations import Evaluations
from ringrift_client.front_door import GAUNTLET_URL, PROMOTION_URL, FrontDoor, Outcome, Say
from ringrift_client.ledger import Ledger
from ringrift_client.nodes import DISTRIBUTION_URL, Nodes
from ringrift_client.suite import Suite
from ringrift_client.ticket import Finding, Ticket
from ringrift_client.trainings import Trainings
from ringrift_client.transport import Transport
from ringrift_client.waiting import NotYetError, wait_until

__all__ = [
    "DISTRIBUTION_URL",
    "GAUNTLET_URL",
    "PROMOTION_URL",
    "Evaluations",
    "Finding",
    "FrontDoor",
    "FrontDoorError",
    "Ledger",
    "MisconfiguredError",
    "Nodes",
    "NotJsonError",
    "NotYetError",
    "Outcome",
    "RefusedError",
    "Say",
    "Suite",
    "Ticket",
    "Trainings",
    "Transport",
    "UnreachableError",
    "wait_until",
]
