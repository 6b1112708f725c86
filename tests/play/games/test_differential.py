"""The compiled engine against the oracle: legal sets and successors must be equal in random games and positions."""

import random

import pytest

from tests.play.games.conformance_engines import Compiled, CompiledGame, Json, Oracle, OracleGame
from tests.play.games.conformance_runners import conserved, never_falls
from tests.play.games.oracle_board import oracle_board
from tests.play.games.oracle_moves import completed_run, legal_moves, windows
from tests.play.games.oracle_state import Move, Position

PROFILES = ("ref", "strict", "canonical")
SEATS = (2, 3, 4)
SMALL, LARGE = ("hex8", "square8"), ("square19", "hexagonal")
POSITIONS = 40
LARGE_PLIES = 90
# Moves that pass by; drawn less often, so that games reach what lies behind the others.
SKIPS = {"skip_placement", "skip_capture", "skip_recovery", "skip_territory_processing"}


def draw(rng: random.Random, keys: list[str]) -> str:
    """A random key: now uniform over the keys, now over their types first, which reaches rare types more often."""
    if rng.random() < 0.5:
        return rng.choice(keys)
    kinds = sorted({key.split("|")[0] for key in keys})
    kind = rng.choices(kinds, [0.2 if kind in SKIPS else 1.0 for kind in kinds])[0]
    return rng.choice([key for key in keys if key.split("|")[0] == kind])


def open_choices(rng: random.Random, p: Position, move: Move) -> tuple[str | None, list[str] | None]:
    """What the key of a recovery leaves open: the stack that pays, and the cells of a free collapse (12.3)."""
    if move.kind != "recovery_slide":
        return None, None
    if move.option == 2:
        rest = {cell: owner for cell, owner in p.markers.items() if cell != move.source}
        return None, list(rng.choice(windows(p, completed_run(p, rest, move.to), move.to)))
    # Judged after a strike, which may lay bare the only ring that was buried; then that one pays.
    buried = p.buried(p.mover)
    still = [cell for cell in buried if cell != move.to or p.mover in p.stacks[cell][:-2]]
    return rng.choice(still or buried), None


def play(rng: random.Random, oracle: OracleGame, compiled: CompiledGame, plies: int) -> list[int]:
    """Play the same random moves in both; they must agree before and after each. Returns S after every move."""
    progress = [compiled.progress()]
    for ply in range(plies):
        compare(oracle, compiled, f"before ply {ply}")
        keys = sorted(oracle.legal_keys())
        assert set(keys) == compiled.legal_keys(), f"ply {ply}: {oracle.fingerprint()} {oracle.rings()}"
        if oracle.status != "active":
            break
        key = draw(rng, keys)
        choices = open_choices(rng, oracle.position, legal_moves(oracle.position)[key])
        oracle.apply(key, *choices)
        compiled.apply(key, *choices)
        compare(oracle, compiled, f"ply {ply}: {key} {choices}")
        progress.append(compiled.progress())
    return progress


def compare(oracle: OracleGame, compiled: CompiledGame, where: str) -> None:
    """Everything that an engine shows of a state, but its legal moves."""
    assert compiled.fingerprint() == oracle.fingerprint(), where
    assert compiled.rings() == oracle.rings(), where
    shown, expected = (
        (game.mover, game.phase, game.status, game.winner, game.progress()) for game in (compiled, oracle)
    )
    assert shown == expected, where


def random_state(rng: random.Random, board_type: str, seats: int) -> Json:
    """A crowded position that play seldom reaches: stacks, markers in clusters, collapsed cells, any main phase."""
    board = oracle_board(board_type)
    x_y = {cell: dict(zip("xyz", map(int, cell.split(",")), strict=False)) for cell in board.cells}
    weights = rng.choice([(6, 1, 2, 1), (3, 1, 5, 1), (2, 2, 3, 3), (8, 1, 6, 0)])
    owners = [rng.choices(range(1, seats + 1), [rng.choice([1, 1, 6]) for _ in range(seats)])[0] for _ in range(8)]
    kinds = {cell: rng.choices(["empty", "stack", "marker", "collapsed"], weights)[0] for cell in board.cells}
    stacks = {c: [rng.choice(owners) for _ in range(rng.randint(1, 4))] for c, k in kinds.items() if k == "stack"}
    collapsed = {c: rng.choice(owners) for c, k in kinds.items() if k == "collapsed"}
    seat_range = range(1, seats + 1)
    mover = rng.choice(seat_range)
    phase = rng.choice(["ring_placement", "movement", "line_processing", "territory_processing"])
    if rng.random() < 0.4:
        phase = "movement"
        bury(stacks, mover, mover % seats + 1)
    credits = {seat: rng.randint(0, 5) for seat in seat_range}
    return {
        "board": {
            "type": board_type,
            "stacks": {cell: {"position": x_y[cell], "rings": rings} for cell, rings in stacks.items()},
            "markers": {
                cell: {"position": x_y[cell], "player": rng.choice(owners)}
                for cell, k in kinds.items()
                if k == "marker"
            },
            "collapsedSpaces": collapsed,
            "eliminatedRings": {str(seat): credits[seat] for seat in seat_range},
        },
        "players": [
            {
                "playerNumber": seat,
                "ringsInHand": rng.choice([0, 0, 1, 2, 7]),
                "eliminatedRings": credits[seat],
                "territorySpaces": list(collapsed.values()).count(seat),
            }
            for seat in seat_range
        ],
        "currentPlayer": mover,
        "currentPhase": phase,
        "gameStatus": "active",
        "moveHistory": [],
        "totalRingsEliminated": sum(credits.values()),
        "victoryThreshold": 3 * board.ring_target(seats, board.supply),
    }


def bury(stacks: dict[str, list[int]], seat: int, above: int) -> None:
    """Put another seat's ring on every stack that `seat` controls, so that it may recover; stacks are top first."""
    for rings in stacks.values():
        if rings[0] == seat:
            rings.insert(0, above)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("seats", SEATS)
@pytest.mark.parametrize("board_type", SMALL)
def test_whole_games(board_type: str, seats: int, profile: str, seed: int) -> None:
    """A random game on a small board is the same in both engines to its end, and keeps its invariants."""
    rules = {"swapRuleEnabled": True} if seed == 2 else {}
    oracle, compiled = (engine.new(board_type, seats, profile, rules) for engine in (Oracle(), Compiled()))
    assert isinstance(oracle, OracleGame)
    assert isinstance(compiled, CompiledGame)
    progress = play(random.Random(f"{board_type} {seats} {profile} {seed}"), oracle, compiled, 1500)
    assert compiled.status == "completed"
    assert conserved(oracle_board(board_type).supply, compiled.fingerprint())
    assert never_falls(progress)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("seats", SEATS)
@pytest.mark.parametrize("board_type", LARGE)
def test_openings(board_type: str, seats: int, profile: str) -> None:
    """The first plies of a random game on a large board are the same in both engines."""
    oracle, compiled = Oracle().new(board_type, seats, profile, {}), Compiled().new(board_type, seats, profile, {})
    play(random.Random(f"{board_type} {seats} {profile}"), oracle, compiled, LARGE_PLIES)
    assert conserved(oracle_board(board_type).supply, compiled.fingerprint())


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("seats", SEATS)
@pytest.mark.parametrize("board_type", SMALL)
def test_random_positions(board_type: str, seats: int, profile: str) -> None:
    """Play from made-up positions, full of lines, regions and recoveries, is the same in both engines."""
    rng = random.Random(f"positions {board_type} {seats} {profile}")
    for _ in range(POSITIONS):
        state = random_state(rng, board_type, seats)
        play(rng, Oracle().load(state, profile), Compiled().load(state, profile), 12)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("board_type", LARGE)
def test_random_positions_on_large_boards(board_type: str, profile: str) -> None:
    """The same on the large boards, where play takes longest to fill the board."""
    rng = random.Random(f"positions {board_type} {profile}")
    for seats in SEATS:
        for _ in range(2):
            state = random_state(rng, board_type, seats)
            play(rng, Oracle().load(state, profile), Compiled().load(state, profile), 8)
