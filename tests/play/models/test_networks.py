"""The registry of architectures: what fits every configuration is built, everything else is refused before it costs."""

import pytest
import torch

from play.games.registry import BOARD_TYPES, PLAYER_COUNTS, get_game
from play.models.architectures.registry import ARCHITECTURES, build_network, count_weights

SMALL = {"resnet": {"blocks": 1, "channels": 4}, "mlp": {"layers": 1, "hidden": 4}}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("board_type", BOARD_TYPES)
@pytest.mark.parametrize("num_players", PLAYER_COUNTS)
def test_every_architecture_fits_every_configuration(architecture: str, board_type: str, num_players: int) -> None:
    """Observations in; a logit for each action and a value in [0, 1] for each seat out."""
    game = get_game(board_type, num_players)
    network = build_network(architecture, SMALL[architecture], game).eval()
    with torch.inference_mode():
        logits, value = network(torch.zeros(2, *game.observation_shape))
    assert logits.shape == (2, game.num_actions)
    assert value.shape == (2, num_players)
    assert ((value >= 0) & (value <= 1)).all()


def test_unknown_architectures_and_sizes_are_refused() -> None:
    """The error says what would be right."""
    game = get_game("hex8", 2)
    for architecture, parameters, right in (
        ("transformer", {}, "choose one of mlp, resnet"),
        ("mlp", {"layers": 1}, "exactly the parameters layers, hidden"),
        ("mlp", {"layers": 1, "hidden": 4, "more": 1}, "exactly the parameters"),
        ("mlp", {"layers": 1, "hidden": 10**12}, "an integer 4 to 2048"),
        ("mlp", {"layers": True, "hidden": 4}, "an integer 1 to 8"),
        ("resnet", {"blocks": 40, "channels": 512}, "at most 50000000"),
    ):
        with pytest.raises(ValueError, match=right):
            build_network(architecture, parameters, game)


def test_weights_come_from_torchs_generator() -> None:
    """Equal seeds give equal networks."""
    game = get_game("hex8", 2)
    networks = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        networks.append(build_network("resnet", SMALL["resnet"], game).state_dict())
    assert all(torch.equal(networks[0][name], networks[1][name]) for name in networks[0])
    assert not all(torch.equal(networks[0][name], networks[2][name]) for name in networks[0])


def test_weights_are_counted() -> None:
    """An mlp's count is that of its three matrices and biases."""
    game = get_game("hex8", 2)
    planes, height, width = game.observation_shape
    expected = (planes * height * width + 1) * 4 + 5 * game.num_actions + 5 * 2
    assert count_weights(build_network("mlp", SMALL["mlp"], game)) == expected
