"""Ways to watch a training, one a class: none, ours, and the tools of others where they are installed."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from descentry.instruments._entry import Cost

Batch = tuple[Tensor, Tensor]


class OwnTime:
    """A clock that stands still while other arms have their turn, so that its budget is its own."""

    counts_work = False

    def __init__(self) -> None:
        self._told = 0.0
        self._since: float | None = None

    def now(self) -> float:
        """Seconds of its own turns."""
        return self._told + (time.perf_counter() - self._since if self._since is not None else 0.0)

    worked = staticmethod(time.thread_time)

    def trained(self) -> None:
        """Nothing: it is a clock of the machine."""

    def measured(self, cost: Cost) -> None:
        """Nothing, likewise."""

    def run(self) -> None:
        """Its turn begins."""
        self._since = time.perf_counter()

    def stop(self) -> None:
        """Its turn ends."""
        self._told, self._since = self.now(), None


class Bare:
    """A training that nobody watches."""

    name = "bare"

    def __init__(self, make: Callable[[], nn.Module], folder: Path) -> None:
        torch.manual_seed(0)
        self.folder = folder
        self.model = make()
        self.loss_fn: Any = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, momentum=0.9)
        self.steps = 0
        self.begin()

    def begin(self) -> None:
        """Before the first step."""

    def turn(self, batches: list[Batch]) -> None:
        """One step on each batch."""
        for x, y in batches:
            self.optimizer.zero_grad()
            loss = self.loss_fn(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            self.noted(loss)
            self.steps += 1

    def noted(self, loss: Tensor) -> None:
        """What is done with the loss of each step."""

    def end(self) -> str:
        """After the last step; anything worth saying."""
        return ""


class AtMost(Bare):
    """Ours, at the default budget."""

    name = "descentry, 2%"
    overhead = 0.02

    def begin(self) -> None:
        from descentry.live.watch import watch

        self.clock = OwnTime()
        self.clock.run()
        self.watch = watch(
            self.model,
            self.optimizer,
            loss_fn=self.loss_fn,
            overhead=self.overhead,
            run_dir=self.folder / "runs",
            _clock=self.clock,
        )
        self.clock.stop()

    def turn(self, batches: list[Batch]) -> None:
        """One step on each batch, in this arm's own time."""
        self.clock.run()
        super().turn(batches)
        self.clock.stop()

    def noted(self, loss: Tensor) -> None:
        """The one line that a user adds."""
        self.watch.step(loss)

    def end(self) -> str:
        """What it says itself that it spent."""
        self.watch.close()
        return ""


class Scalars(AtMost):
    """Ours, the loss and the learning rate only."""

    name = "descentry, scalars"
    overhead = 0.0


class TensorBoard(Bare):
    """SummaryWriter, the loss of each step."""

    name = "TensorBoard"

    def begin(self) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(self.folder / "tensorboard"))

    def noted(self, loss: Tensor) -> None:
        """As its documentation shows."""
        self.writer.add_scalar("loss", loss.item(), self.steps)

    def end(self) -> str:
        """Writes what waits."""
        self.writer.close()
        return ""


class WandB(Bare):
    """Weights & Biases, offline, the loss of each step."""

    name = "W&B offline"

    def begin(self) -> None:
        os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_ERROR_REPORTING="false")
        import wandb

        self.run = wandb.init(
            project="overhead", mode="offline", dir=str(self.folder), settings=wandb.Settings(console="off")
        )

    def noted(self, loss: Tensor) -> None:
        """As its documentation shows."""
        self.run.log({"loss": loss.item()})

    def end(self) -> str:
        """Writes what waits."""
        self.run.finish()
        return ""


class Cockpit(Bare):
    """Cockpit's economy configuration at its default schedule. For networks that BackPACK can extend."""

    name = "Cockpit, economy"

    def begin(self) -> None:
        from backpack import extend
        from cockpit import Cockpit as Instruments
        from cockpit.utils.configuration import configuration

        if not isinstance(self.model, nn.Sequential):
            raise NotImplementedError("BackPACK extends sequences of its own layers only")
        self.model, self.loss_fn = extend(self.model), extend(self.loss_fn)
        self.each = nn.CrossEntropyLoss(reduction="none")
        self.cockpit = Instruments(self.model.parameters(), quantities=configuration("economy"))

    def turn(self, batches: list[Batch]) -> None:
        """One step on each batch, as its documentation shows."""
        for x, y in batches:
            self.optimizer.zero_grad()
            outputs = self.model(x)
            loss = self.loss_fn(outputs, y)
            told = {
                "batch_size": len(x),
                "individual_losses": self.each(outputs, y).detach(),
                "loss": loss,
                "optimizer": self.optimizer,
            }
            with self.cockpit(self.steps, info=told):
                loss.backward(create_graph=self.cockpit.create_graph(self.steps))
            self.optimizer.step()
            self.steps += 1


OURS = (Scalars, AtMost)
OTHERS = (TensorBoard, WandB)


def installed(kind: type[Bare]) -> bool:
    """Whether a tool can be used here."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            kind(lambda: nn.Sequential(nn.Linear(2, 2)), Path(folder)).end()
    except (ImportError, OSError):
        return False
    return True
