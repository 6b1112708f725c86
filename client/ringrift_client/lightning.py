"""A callback for Lightning: submits the network's weights at the end of an epoch. Needs the extra `lightning`.

    from ringrift_client.lightning import SubmitModels

    callback = SubmitModels(Suite.from_environment(), "hex8_2p", prefix="network.", architecture="mlp", parameters=parameters)
    Trainer(callbacks=[callback]).fit(module, data)

It writes the weights itself, whole, before it says so, and so never reads a checkpoint that Lightning, or a plug-in of it, is still
writing. One process of a distributed training submits; all of them gather the weights.
"""

from __future__ import annotations

import time
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from ringrift_client.configuration import parsed
from ringrift_client.suite import Suite
from ringrift_client.ticket import Ticket


class SubmitModels(Callback):  # type: ignore[misc]  # what is not installed has no types
    """Submits every `every_n_epochs`, and after the last epoch. `prefix`: how the names of the network's weights begin in the
    module, such as `network.`; `network` and `facts`: as `Suite.submit` takes them. `tickets`: what was submitted, oldest first."""

    def __init__(
        self, suite: Suite, configuration: str, *, every_n_epochs: int = 1, prefix: str = "", **network_and_facts: Any
    ) -> None:
        """ValueError for a configuration that is none, before anything is trained."""
        parsed(configuration)
        if every_n_epochs < 1:
            raise ValueError(f"every_n_epochs is {every_n_epochs}: it is 1 at least")
        self.tickets: list[Ticket] = []
        self._suite, self._configuration, self._prefix = suite, configuration, prefix
        self._every, self._given = every_n_epochs, network_and_facts
        self._began, self._submitted = time.monotonic(), 0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The time counts from here."""
        self._began = time.monotonic()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Submit if it is time."""
        if (trainer.current_epoch + 1) % self._every == 0:
            self._submit(trainer, trainer.current_epoch + 1)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Submit what the last epochs made of it."""
        if self._submitted != trainer.current_epoch:
            self._submit(trainer, trainer.current_epoch)

    def _submit(self, trainer: Trainer, epochs: int) -> None:
        self._submitted = epochs
        weights = trainer.strategy.lightning_module_state_dict()
        if not trainer.is_global_zero:
            return
        network = {
            name.removeprefix(self._prefix): each for name, each in weights.items() if name.startswith(self._prefix)
        }
        loss = trainer.callback_metrics.get("val_loss")
        facts = {"epochs_completed": epochs, "duration_seconds": time.monotonic() - self._began, "final_val_loss": loss}
        self.tickets.append(self._suite.submit(network, self._configuration, **{**facts, **self._given}))
