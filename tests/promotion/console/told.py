"""Games, nodes and distributions as the other two services tell them. Names are hostile where others chose them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from play.arena import Arena
from play.games.registry import get_game
from play.players.random import RandomPlayer
from play.schedule import plan_games
from play.telling import tell

EVALUATION = UUID(int=7)
HOSTILE = "<script>alert('x')</script>\"&amp;"
DIGEST = "ab" * 32
BEGUN = datetime(2026, 11, 30, 12, tzinfo=UTC)


def later(minutes: float) -> str:
    """A moment so many minutes after the beginning."""
    return (BEGUN + timedelta(minutes=minutes)).isoformat()


def replay_of(board_type: str, players: int) -> Any:
    """A game between random players as the gauntlet service tells it."""
    game = get_game(board_type, players)
    arena = Arena(game, RandomPlayer(), RandomPlayer(), plan_games(3, "random", players, players), opening_plies=4)
    [played] = [each for ended in arena.play(players) for each in ended if each.index == 0]
    return json.loads(tell(game, played).model_dump_json())


def game_path(board_type: str = "hex8", opponent: str = "random", index: int = 0) -> str:
    """Where the gauntlet service has it."""
    return f"/v1/evaluations/{EVALUATION}/games/{opponent}/{index}/replay"


def held(state: str = "ok", version: int | None = 7, **said: Any) -> Any:
    """What a node has of a configuration."""
    return {"state": state, "version": version, "reason": None, "played": True, "reload_error": None, **said}


def node(name: str, **said: Any) -> Any:
    """A node that holds what it should, but for what is said."""
    usual = {
        "url": "http://10.0.0.1:8780", "reported_at": later(9), "unreached": None, "breaker": "closed", "age_seconds": 1.0,
        "agent_version": "0.1.0", "free_bytes": 2**34, "clock_skew_seconds": None, "isolated": None, "labels": {"rack": HOSTILE},
        "plays": None, "rival": None, "holds": {"hex8_2p": held()},
    }  # fmt: skip
    return {"name": name, **usual, **said}


NODES = [
    node("node-1"),
    node("node-2", breaker="open", unreached=f"refused by {HOSTILE}", holds={"hex8_2p": held("stale", 6, reason="fetching")}),
    node("node-3", isolated={"by": "anna", "reason": "its disk is replaced", "at": later(1)}),
    node("node-4", reported_at=None, holds={"hex8_2p": held("missing", None, reason="has no file")}),
]  # fmt: skip


def delivery(state: str, minutes: float | None = None, **said: Any) -> Any:
    """What a node has of a version."""
    delivered = None if minutes is None else later(minutes)
    usual = {"bytes_done": 1000 if minutes else 0, "size": 1000, "waits": False, "reason": None, "updated_at": later(3)}
    return {"state": state, "delivered_at": delivered, "played_at": delivered, **usual, **said}


def distribution(**said: Any) -> Any:
    """A version on its way: one node plays it, one fetches, and one waits for its wave."""
    nodes = {
        "node-1": delivery("delivered", 5), "node-2": delivery("fetching", bytes_done=250),
        "node-4": delivery("pending", waits=True, reason="its wave is to come"),
    }  # fmt: skip
    usual = {
        "id": "hex8_2p:1", "configuration": "hex8_2p", "version": 1, "digest": DIGEST, "state": "running", "wave": 1, "waves": 3,
        "reason": None, "changed_by": None, "started_at": later(4), "completed_at": None, "failed_at": None, "nodes": nodes,
    }  # fmt: skip
    return {**usual, **said}


def training(**said: Any) -> Any:
    """What a trainer announced."""
    data = {"model_path": f"models/{HOSTILE}.pth"}
    usual = {
        "id": str(EVALUATION), "source": "/trainers/run-7", "event_id": "run-7-40", "door": "http", "state": "accepted",
        "configuration": "hex8_2p", "reason": None, "evaluation_id": str(EVALUATION), "evaluation_state": "completed",
        "received_at": later(0), "event": {"data": data},
    }  # fmt: skip
    return {**usual, **said}


def evaluation(**said: Any) -> Any:
    """Its evaluation."""
    usual = {
        "id": str(EVALUATION), "configuration": "hex8_2p", "reason": "training", "state": "completed", "waits_for": None,
        "digest": DIGEST, "model_path": None, "failure_code": None, "failure_reason": None, "requested_at": later(0),
        "started_at": later(1), "ended_at": later(3),
    }  # fmt: skip
    return {**usual, **said}
