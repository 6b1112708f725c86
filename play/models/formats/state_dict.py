"""Files of torch.save: the project's own checkpoints, and other trainers' state dicts in their dialects.

What a foreign file does not say of itself (architecture, parameters) has to be announced. A state dict that fits the network is
used whole or not at all; nothing is guessed from shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from torch import nn

from play.games.game import Game
from play.models.architectures.registry import count_weights
from play.models.formats import checkpoint
from play.models.formats.announced import Said, agreed
from play.models.formats.format import Checkpoint, CheckpointError, Format, shown
from play.models.formats.torch_content import Content, opened
from play.models.formats.torch_values import StoredTensor
from play.models.formats.weights import fill, fingerprint_of, new_network
from play.models.model_file import ModelFile
from shared.contract.evidence import ModelMetadata

FAMILY = "ringrift-checkpoint-"
"""How the formats of the project's own checkpoints begin, those to come as well."""
PLAIN_KEYS = ("state_dict", "model_state_dict", "model_state", "model", "network", "net", "module", "weights", "params")
EMA_KEYS = ("ema_state_dict", "model_ema_state_dict", "state_dict_ema", "model_ema", "ema_model", "ema", "params_ema")
WRAPPERS = frozenset(
    ("module", "_orig_mod", "model", "net", "network", "ema", "ema_model", "model_ema", "averaged_model")
)
COUNTERS = frozenset(("n_averaged", "num_updates", "step", "initted", "decay"))
"""Tensors that wrappers keep beside the weights."""
DEPTH = 3


class Found(NamedTuple):
    """A state dict in a file. `where`: the keys that lead to it."""

    where: tuple[str, ...]
    state: Mapping[str, object]

    @property
    def place(self) -> str:
        """Where it was, in words."""
        return f"`{'.'.join(self.where)}`" if self.where else "the top level"


class Fit(NamedTuple):
    """A state dict whose names under a prefix are the network's."""

    found: Found
    prefix: str
    weights: Mapping[str, object]

    @property
    def is_ema(self) -> bool:
        """Whether it is an averaged copy."""
        parts = {*self.found.where, *self.prefix.split(".")}
        return any(each in EMA_KEYS or "ema" in each.split("_") or "averaged" in each for each in parts)

    @property
    def words(self) -> str:
        """What a message calls it."""
        return f"{self.found.place} under `{self.prefix}`" if self.prefix else self.found.place


def load(file: ModelFile, game: Game) -> Checkpoint:
    """Read a file of torch.save. CheckpointError says what was found and what to do."""
    with opened(file) as content:
        if checkpoint.is_own(content.data):
            return checkpoint.from_content(content, game)
        return _foreign(content, file, game)


def _foreign(content: Content, file: ModelFile, game: Game) -> Checkpoint:
    if isinstance(content.data, dict) and shown(content.data.get("format")).startswith(FAMILY):
        raise CheckpointError(
            f"it is in the format {shown(content.data['format'])}, not in the format {checkpoint.NAME}"
        )
    found = list(_state_dicts(content.data))
    if not found:
        raise CheckpointError(
            f"it is not in the format {checkpoint.NAME}, and has no state dict under {', '.join(PLAIN_KEYS[:4])} or at its "
            f"top level: {_seen(content.data)}"
        )
    said = Said.of(content.data if isinstance(content.data, dict) else {})
    told = agreed(said, file, game, f"a state dict in {found[0].place}, the first name is {_first(found[0])}")
    network = new_network(told.architecture, told.parameters, game)
    fit, notes = _chosen(found, network)
    notes += fill(network, {name: content.weight(value) for name, value in fit.weights.items()})
    return Checkpoint(
        network,
        ModelMetadata(
            architecture=told.architecture, parameters=count_weights(network), version=said.version, format="state dict",
            notes=notes, fingerprint=fingerprint_of(network, told.architecture, told.parameters, game),
        ),
    )  # fmt: skip


def _state_dicts(data: object, where: tuple[str, ...] = ()) -> Iterator[Found]:
    """The state dicts of a content: itself, or what its known keys lead to, averaged copies after the others."""
    if not isinstance(data, dict) or len(where) > DEPTH:
        return
    if _is_state(data):
        yield Found(where, {name.replace("_orig_mod.", ""): each for name, each in data.items()})
        return
    for key in (*PLAIN_KEYS, *EMA_KEYS):
        if isinstance(data.get(key), dict):
            yield from _state_dicts(data[key], (*where, key))


def _is_state(data: Mapping[object, object]) -> bool:
    tensors = [name for name, each in data.items() if isinstance(each, StoredTensor)]
    nested = any(isinstance(data.get(key), dict) for key in (*PLAIN_KEYS, *EMA_KEYS))
    return bool(tensors) and not nested and all(isinstance(name, str) for name in data)


def _chosen(found: list[Found], network: nn.Module) -> tuple[Fit, list[str]]:
    """The state dict that is used, and what is to be said of the choice."""
    wanted = frozenset(network.state_dict())
    fits = [fit for each in found for fit in _fits(each, wanted)]
    if not fits:  # as if it had been meant, so that filling the network says what does not fit
        return Fit(found[0], "", _under(found[0], _common_wrapper(found[0]))), []
    averaged = [fit for fit in fits if fit.is_ema]
    plain = [fit for fit in fits if not fit.is_ema]
    if len(averaged or plain) > 1:
        places = " and ".join(fit.words for fit in (averaged or plain)[:3])
        raise CheckpointError(f"several state dicts fit: {places}; save the one that is meant alone")
    [fit] = averaged or plain
    notes = [f"the weights are from {fit.words}"] if fit.found.where or fit.prefix else []
    if fit.is_ema and plain:
        notes = [f"the averaged (EMA) copy from {fit.words} is used, not {plain[0].words}"]
    return fit, notes


def _fits(found: Found, wanted: frozenset[str]) -> Iterator[Fit]:
    """The ways in which a state dict is whole: the network's names, all of them and no others, under one prefix of wrappers."""
    last = min(wanted)
    prefixes = {name.removesuffix(last) for name in found.state if name == last or name.endswith(f".{last}")}
    known = sorted(each for each in prefixes if set(each.split(".")) - {""} <= WRAPPERS)
    for prefix in known:
        weights = _under(found, prefix)
        others = [name for name in found.state if not name.startswith(prefix)]
        explained = all(name in COUNTERS or any(other and name.startswith(other) for other in known) for name in others)
        if wanted <= set(weights) and explained:
            yield Fit(found, prefix, {name: each for name, each in weights.items() if prefix or name not in COUNTERS})


def _under(found: Found, prefix: str) -> dict[str, object]:
    return {name.removeprefix(prefix): each for name, each in found.state.items() if name.startswith(prefix)}


def _common_wrapper(found: Found) -> str:
    """The wrappers that every name of a state dict begins with."""
    prefix, names = "", list(found.state)
    while (part := names[0].removeprefix(prefix).partition(".")[0]) in WRAPPERS:
        if not all(name.startswith(f"{prefix}{part}.") for name in names):
            break
        prefix = f"{prefix}{part}."
    return prefix


def _first(found: Found) -> str:
    return shown(next(iter(found.state)), 60)


def _seen(data: object) -> str:
    if not isinstance(data, dict):
        return f"it holds {shown(data) if not isinstance(data, StoredTensor) else 'one tensor'}"
    return f"it holds {', '.join(shown(key, 30) for key in list(data)[:8]) or 'nothing'}"


FORMAT = Format("torch", checkpoint.is_zip, load)
