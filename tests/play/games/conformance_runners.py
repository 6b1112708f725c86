"""Runs one piece of conformance data through an engine and asserts what it states (section 22 of the rules)."""

import zlib
from itertools import pairwise

from tests.play.games.conformance_data import micro_state
from tests.play.games.conformance_engines import EngineUnderTest, Json, PlayedGame

BOOKKEEPING = {"line_processing": "no_line_action", "territory_processing": "no_territory_action"}
DECIDING_PHASES = (*BOOKKEEPING, "chain_capture", "capture", "forced_elimination")
LEGACY = {"choose_line_reward": "choose_line_option", "process_territory_region": "choose_territory_option"}


def checksum(keys: set[str]) -> str:
    """CRC-32 of the sorted keys, 8 hexadecimal digits."""
    return f"{zlib.crc32(chr(10).join(sorted(keys)).encode()):08x}"


def run_trace(engine: EngineUnderTest, trace: Json) -> None:
    """A whole game in lockstep: seat, phase, legal set, hash, and where given fingerprint and rings."""
    game = engine.new(trace["boardType"], trace["numPlayers"], trace.get("profile", "ref"), trace["rulesOptions"])
    for number, step in enumerate(trace["steps"]):
        keys = game.legal_keys()
        found = (game.mover, game.phase, len(keys), checksum(keys))
        assert found == (step["p"], step["ph"], step["n"], step["L"]), f"step {number}: {sorted(keys)}"
        game.apply(step["m"], step.get("x", [None])[0], step.get("c"))
        fingerprint = game.fingerprint()
        assert fingerprint == step.get("f", fingerprint), f"step {number}: {step['m']}"
        assert engine.hash(fingerprint) == step["h"], f"step {number}: {step['m']} led to {fingerprint}"
        assert game.rings() == step.get("r", game.rings()), f"step {number}: {step['m']}"
    final = {"status": game.status, "winner": game.winner, "fingerprint": game.fingerprint()}
    assert final == trace["final"]


def run_micro(engine: EngineUnderTest, example: Json, profile: str) -> None:
    """A micro-example: the start, the legal set before each step and the state after it."""
    game = engine.load(micro_state(example), profile)
    assert game.fingerprint() == example["start"]["fp"]
    assert engine.hash(game.fingerprint()) == example["start"]["hash"]
    for step in example["steps"]:
        keys = game.legal_keys()
        assert (game.mover, game.phase, len(keys)) == (step["player"], step["phase"], step["nLegal"])
        assert keys == set(step.get("legal", keys))
        if "move" not in step:
            continue
        game.apply(step["move"])
        rings = game.rings().replace(":", "=").replace("|", " ")
        found = (game.fingerprint(), engine.hash(game.fingerprint()), rings, game.status, game.winner)
        after = step["after"]
        assert found == (after["fp"], after["hash"], after["rings"], after["status"], after["winner"])


def cell_name(board_type: str, cell: Json) -> str:
    """The key string of a position; the third hexagonal coordinate is implied."""
    name = f"{cell['x']},{cell['y']}"
    return name if board_type.startswith("square") else f"{name},{-cell['x'] - cell['y']}"


def json_key(board_type: str, move: Json) -> str:
    """The key (section 22.7) that a recorded move has if it is legal."""

    def spell(cells: list[Json]) -> str:
        return " ".join(sorted(cell_name(board_type, cell) for cell in cells))

    kind: str = LEGACY.get(move["type"]) or move["type"]
    parts = [cell_name(board_type, move[name]) for name in ("from", "captureTarget", "to") if move.get(name)]
    if kind == "place_ring":
        parts.append(str(move.get("placementCount") or 1))
    elif kind in ("process_line", "choose_line_option"):
        line = move["formedLines"][0]["positions"]
        choice = [move.get("collapsedMarkers") or line] if kind == "choose_line_option" else []
        parts = [spell(cells) for cells in (line, *choice)]
    elif kind == "choose_territory_option":
        parts = [spell(move["disconnectedRegions"][0]["spaces"])]
    elif kind == "recovery_slide":
        option = move.get("recoveryOption") or move.get("option") or 0
        parts = [move.get("recoveryMode") or ("line" if option else "fallback"), *parts, str(option)]
    elif kind in ("skip_placement", "swap_sides", "skip_capture"):
        parts = []
    return "|".join((kind, *parts))


def play_recorded(game: PlayedGame, board_type: str, move: Json) -> None:
    """Play a recorded move through the legal set; it has to be in it."""
    key = json_key(board_type, move)
    assert key in game.legal_keys()
    stacks = move.get("extractionStacks") or [None]
    cells = [cell_name(board_type, cell) for cell in move.get("collapsePositions") or []]
    game.apply(key, stacks[0], cells or None)


def run_vector(engine: EngineUnderTest, vector: Json, *, legal: bool) -> None:
    """A contract vector (section 22.2): its move, the chain and the bookkeeping after it, then its assertions."""
    state, expected = vector["input"]["state"], vector["expectedOutput"]
    game, board_type = engine.load(state, "ref"), state["board"]["type"]
    move = vector["input"].get("move") or vector["input"]["initialMove"]
    before = game.progress()
    if legal:
        play_recorded(game, board_type, move)
    else:
        game.apply_json(move)
    chain = ["the first segment"]
    phase = expected["assertions"].get("currentPhase")
    if expected["status"] != "awaiting_decision":
        if phase != "chain_capture":
            chain += finish_chain(game, board_type, vector["input"].get("expectedChainSequence") or [])
        if phase not in DECIDING_PHASES:
            pass_bookkeeping(game)
    check_assertions(game, expected["assertions"], game.progress() - before, len(chain))


def finish_chain(game: PlayedGame, board_type: str, sequence: list[Json]) -> list[str]:
    """Play the rest of a capture chain: the segments that the vector names, else the first legal ones."""
    named = {
        (cell_name(board_type, segment["captureTarget"]), cell_name(board_type, segment["landing"]))
        for segment in sequence
        if "captureTarget" in segment and "landing" in segment
    }
    played: list[str] = []
    while game.phase == "chain_capture":
        keys = sorted(game.legal_keys())
        wanted = [key for key in keys if tuple(key.split("|")[2:]) in named]
        played.append((wanted or keys)[0])
        game.apply(played[-1])
    return played


def pass_bookkeeping(game: PlayedGame) -> None:
    """Play the forced passes of the line and territory phases."""
    while game.legal_keys() == {BOOKKEEPING.get(game.phase)}:
        game.apply(BOOKKEEPING[game.phase])


def check_assertions(game: PlayedGame, assertions: Json, progress: int, captures: int) -> None:
    """Compare every assertion that says something about the state; labels and remarks are passed over."""
    _, players, stacks, markers, collapsed = (part.split("|") for part in game.fingerprint().split("#"))
    found: Json = {
        "currentPlayer": game.mover,
        "currentPhase": game.phase,
        "gameStatus": game.status,
        "victoryWinner": game.winner,
        "sInvariantDelta": progress,
        "stackCount": len(list(filter(None, stacks))),
        "markerCount": len(list(filter(None, markers))),
        "collapsedCount": len(list(filter(None, collapsed))),
        "totalCapturesInChain": captures,
        "markersCreated": len(list(filter(None, markers))),
    }
    for player in players:
        seat, *counts = map(int, player.split(":"))
        names = ("RingsInHand", "EliminatedRings", "TerritorySpaces")
        found |= {f"player{seat}{name}": count for name, count in zip(names, counts, strict=True)}
    tallest = max((entry.split(":") for entry in stacks if entry), key=lambda entry: int(entry[2]), default=None)
    if tallest:
        found |= {"finalStackController": int(tallest[1]), "finalStackHeight": int(tallest[2])}
        found |= {"targetStacksRemaining": found["stackCount"] - 1}
    compared = {name: value for name, value in assertions.items() if name in found}
    assert {name: found[name] for name in compared} == compared


def without_meta(fingerprint: str) -> tuple[object, ...]:
    """A fingerprint after its first `#`, as sets of entries whose hexagonal cells have all three coordinates."""

    def entry(text: str) -> str:
        cell, _, rest = text.partition(":")
        if "," in cell:
            x, y = cell.split(",")[:2]
            cell = f"{x},{y}"
        return f"{cell}:{rest}"

    return tuple(frozenset(map(entry, part.split("|"))) for part in fingerprint.split("#")[1:])


def conserved(board_supply: int, fingerprint: str) -> bool:
    """Invariants I3 and I5: no ring appears or is lost, and territory is counted as it lies on the board."""
    _, players, stacks, _, collapsed = fingerprint.split("#")
    seats = [tuple(map(int, player.split(":"))) for player in players.split("|")]
    held = sum(hand + credit for _, hand, credit, _ in seats)
    standing = sum(int(stack.split(":")[2]) for stack in stacks.split("|") if stack)
    owners = [int(entry.split(":")[1]) for entry in collapsed.split("|") if entry]
    return held + standing == board_supply * len(seats) and all(owners.count(s) == land for s, _, _, land in seats)


def never_falls(values: list[int]) -> bool:
    """Invariant I8 over a whole game."""
    return all(earlier <= later for earlier, later in pairwise(values))
