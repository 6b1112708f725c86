"""Configurations: each has one key, which reads back, and which file names, subjects and addresses take as it is."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.contract.configuration import EVERY_CONFIGURATION, Configuration, has_heuristic, named_by
from shared.contract.evidence import CanonicalReference, opponents_to_meet
from shared.contract.policy import GatePolicy
from shared.contract.words import (
    BOARD_PATTERN,
    CANONICAL_FILE_PATTERN,
    GATES,
    LONGEST_BOARD_TYPE,
    PLAYER_COUNTS,
    BoardType,
    ConfigurationKey,
    OpponentName,
    best_name,
    canonical_name,
)

BOARDS = st.from_regex(BOARD_PATTERN.replace("$", r"\Z")).filter(lambda board: len(board) <= LONGEST_BOARD_TYPE)
CONFIGURATIONS = st.builds(Configuration, BOARDS, st.sampled_from(PLAYER_COUNTS))
HEX = Configuration("openspiel:hex(board_size=8)", 2)


@given(CONFIGURATIONS, CONFIGURATIONS)
def test_every_configuration_has_a_key_of_its_own(one: Configuration, other: Configuration) -> None:
    """A key reads back as what it was made of, so two configurations never share one."""
    key = str(one)
    assert Configuration.parse(key) == one
    assert TypeAdapter(ConfigurationKey).validate_python(key) == key
    assert (str(other) == key) == (other == one)


@given(CONFIGURATIONS)
def test_a_key_stands_anywhere(configuration: Configuration) -> None:
    """It is one token of a NATS subject, needs no quoting in an address, and names files that name it."""
    key = str(configuration)
    assert not re.search(r"[.*>\s/\\]", key)
    assert quote(key) == key
    for name in (canonical_name(key), best_name(key)):
        match = re.fullmatch(CANONICAL_FILE_PATTERN, name)
        assert match is not None
        assert match[1] == key


def test_keys_are_as_people_write_them() -> None:
    """RingRift's, another family's, and one with a fraction among its parameters."""
    assert str(HEX) == "openspiel-hex-board_size-8_2p"
    assert str(Configuration("mine:stones", 3)) == "mine-stones_3p"
    assert str(Configuration("openspiel:go(board_size=9,komi=6.5)", 2)) == "openspiel-go-board_size-9-komi-6~5_2p"
    assert {str(each) for each in EVERY_CONFIGURATION} >= {"hex8_2p", "hexagonal_4p"}


@pytest.mark.parametrize(
    "board",
    [
        "hex9", "chess", "openspiel:", ":hex", "openspiel:hex()", "openspiel:hex(a=)", "openspiel:hex(a=-1)",
        "openspiel:hex(a=b(c=1))", "Openspiel:hex", "openspiel:hex(a=1)x", "openspiel:../x", "openspiel:hex(a=1)\n",
        "a:" + "b" * 100,
    ],
)  # fmt: skip
def test_what_is_no_board_type_is_refused(board: str) -> None:
    """Nothing else gets in."""
    with pytest.raises(ValidationError):
        TypeAdapter(BoardType).validate_python(board)


@pytest.mark.parametrize(
    "key",
    [
        "hex8",
        "hex8_5p",
        "hex9_2p",
        "openspiel_2p",
        "openspiel-hex-a_2p",
        "openspiel-hex-a.b-1_2p",
        "hex8_2p\n",
        f"a-{'b' * 200}_2p",
    ],
)
def test_what_is_no_key_is_refused(key: str) -> None:
    """With what would be right."""
    with pytest.raises(ValueError, match="is no configuration: expected"):
        Configuration.parse(key)


def test_only_ringrift_has_a_heuristic_opponent() -> None:
    """Candidates of other games meet random, and previous once there is one."""
    assert has_heuristic("hex8")
    assert not has_heuristic(HEX.board_type)
    version = CanonicalReference(version=1, digest="0" * 64)
    assert opponents_to_meet(GatePolicy(), version) == ["random", "heuristic", "previous"]
    assert opponents_to_meet(GatePolicy(), version, heuristic=False) == ["random", "previous"]
    assert opponents_to_meet(GatePolicy(), None, heuristic=False) == ["random"]


@pytest.mark.parametrize("opponent", GATES)
def test_f22_a_threshold_of_0_is_no_gate(opponent: OpponentName) -> None:
    """Whoever asks nothing of the games against an opponent has none played, whichever it is."""
    version = CanonicalReference(version=1, digest="0" * 64)
    met = opponents_to_meet(GatePolicy.model_validate({f"{opponent}_win_rate": 0.0}), version)
    assert met == [each for each in GATES if each != opponent]


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("models/canonical_hex8_2p.pth", "hex8_2p"),
        ("ringrift_best_square19_4p.pth", "square19_4p"),
        ("models/backup/canonical_hex8_2p.pth.bak", "hex8_2p"),
        ("canonical_openspiel-go-komi-6~5_2p.pth", "openspiel-go-komi-6~5_2p"),
        ("models/my_model.pth", None),
        ("models/canonical_hex8_2p.onnx", None),
        ("canonical_hex8_2p.pth/other.pth", None),
    ],
)
def test_the_name_of_a_canonical_file_names_its_configuration(path: str, named: str | None) -> None:
    """So do its link and its backup, and no other name does."""
    assert named_by(path) == named
