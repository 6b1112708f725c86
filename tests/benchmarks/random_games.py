"""How many games of random moves, and plies, the engine plays in a second of processor time."""

from rich.table import Table

from cli.commands.game import measure

GAMES = {"hex8": 4000, "square8": 4000, "square19": 400, "hexagonal": 200}
PUBLIC_ENGINE = {"hex8": 1.9, "square8": 2.4, "square19": 0.12, "hexagonal": 0.05}
"""Games per CPU-second of a public Python engine of this game, 2 players."""


def random_games(quick: bool) -> Table:
    """Every board with every number of players."""
    table = Table(
        "board",
        "players",
        "games/CPU-s",
        "plies/CPU-s",
        "plies/game",
        "public engine",
        "ratio",
        title="Random v Random",
    )
    for board, games in GAMES.items():
        for players in (2, 3, 4):
            found = measure(board, players, max(games // 10 if quick else games, 10))
            rate, public = found["games_per_cpu_second"], PUBLIC_ENGINE[board] if players == 2 else None
            table.add_row(
                board, str(players), f"{rate:,.0f}", f"{found['plies_per_cpu_second']:,}", f"{found['plies_per_game']:.0f}",
                f"{public}" if public else "", f"{rate / public:,.0f}" if public else "",
            )  # fmt: skip
    return table
