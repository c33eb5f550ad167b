"""A training as it stands: kept, and put back bit for bit into the very same tensors.

Trials, the learning-rate finder and the pilot fork a run: they train on, and then put everything back as it
was. What makes two runs from one snapshot the same is more than the weights: the optimizer's memory, the
random streams, running means, modes, and settings that a schedule has changed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, Self

import torch
from torch import nn

from descentry.instruments._undisturbed import random_state, set_random_state
from descentry.trials._copies import size
from descentry.trials._parts import Copying, Leaf, Part, part_of


class Snapshot:
    """Everything that decides how a training goes on, copied; made by :meth:`take`.

    Kept are weights, gradients (their absence too), buffers, which parameters and buffers each module has,
    ``requires_grad``, training modes; the state and the settings of the optimizer; the random streams of
    Python, numpy, the CPU and of every device in use; numbers, words and tensors that modules keep as plain
    attributes; and whatever else was named. Not kept: containers that modules change in place, hooks, and how
    far a data loader has come.

    Cost: memory for a copy of weights, gradients and optimizer state (:attr:`nbytes`), and the time to read
    and write them once.
    """

    def __init__(self, parts: list[Part], streams: dict[str, Any]) -> None:
        self._parts = parts
        self._streams = streams

    @classmethod
    def take(
        cls,
        model: nn.Module,
        optimizer: Any = None,
        *others: Any,
        device: torch.device | str | None = None,
    ) -> Self:
        """Copies the training as it stands; between steps, not between ``forward`` and ``backward``.

        Args:
            model: The model; one that is compiled or in DistributedDataParallel too.
            optimizer: Its optimizer: whatever has ``param_groups``.
            others: What goes along with them: further models and optimizers, random generators, and what has
                ``state_dict`` and ``load_state_dict`` (schedulers, ``GradScaler``, samplers).
            device: Where copies are kept; beside the originals when None. ``"cpu"`` spares a GPU's memory.

        Raises:
            DescentryError: A parameter has no size yet, or one of ``others`` cannot be copied.
        """
        copying = Copying(None if device is None else torch.device(device))
        # Put back in this order: loading a scheduler may write a rate, which the optimizer then corrects.
        things = [*others, *([] if optimizer is None else [optimizer]), model]
        parts = [part_of(thing, copying) for thing in things]
        return cls(parts, random_state(_devices(copying.leaves)))

    def restore(self) -> None:
        """Puts everything back, as often as needed.

        Weights, buffers, gradients and the optimizer's tensors are written in place: whoever refers to
        them sees them as they were. A graph built in between can no longer be differentiated.
        """
        for part in self._parts:
            part.restore()
        torch.clear_autocast_cache()  # it may hold low-precision copies of the weights of now
        set_random_state(self._streams)

    @contextlib.contextmanager
    def kept(self) -> Iterator[Self]:
        """A block after which all is as it was when the snapshot was taken, whatever happens in it."""
        try:
            yield self
        finally:
            self.restore()

    @property
    def nbytes(self) -> int:
        """Bytes that the copies of tensors take."""
        return size((part.copies() for part in self._parts), set())

    def __repr__(self) -> str:
        return f"Snapshot({self.nbytes / 1e6:,.3g} MB)"


def _devices(leaves: Iterable[Leaf]) -> set[torch.device]:
    found = {leaf.tensor.device for leaf in leaves}
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        found |= {torch.device("cuda", i) for i in range(torch.cuda.device_count())}
    return found
