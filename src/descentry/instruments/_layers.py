"""What the layers of a step gave out, and which of it went through a rectifier or a squashing function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from descentry.instruments._probe import Probe
from descentry.instruments._tensors import wide

EXAMINED = 2**20  # entries of a layer's output; of larger ones evenly spaced examples

_RECTIFIERS = (nn.ReLU, nn.ReLU6)
_SQUASHING: tuple[tuple[type[nn.Module], float, float], ...] = (
    (nn.Tanh, -1.0, 1.0),
    (nn.Sigmoid, 0.0, 1.0),
    (nn.Hardsigmoid, 0.0, 1.0),
    (nn.Hardtanh, -1.0, 1.0),
)


@dataclass(frozen=True, eq=False)
class Gap:
    """What lies between two layers called one after the other, and may be an activation function.

    Attributes:
        name: The first layer's.
        output: What it gave out.
        next_input: What the next layer was given: another tensor.
    """

    name: str
    output: Tensor
    next_input: Tensor

    def is_applied(self, function: Callable[[Tensor], Tensor]) -> Tensor | None:
        """Whether ``function`` was all that was done in between; None where the shapes say no."""
        if self.output.shape != self.next_input.shape or self.output.dtype != self.next_input.dtype:
            return None
        return (function(self.output) == self.next_input).all()

    def is_rectified(self) -> Tensor | None:
        """Whether a rectifier was, perhaps with max-pooling and flattening after it; None where not."""
        before, after = units(self.output), self.next_input
        if not after.ndim or after.numel() == 0 or after.shape[0] != self.output.shape[0]:
            return None
        if after.shape == self.output.shape:
            return self.is_applied(torch.relu)
        count = before.shape[1]
        if self.output.ndim < 3 or after.dtype != self.output.dtype or after[0].numel() % count:
            return None
        # The largest value of each channel survives pooling, unless it lies in a border that is cut off.
        return (after.reshape(len(after), count, -1).amax(2) == before.amax(2).relu()).all()


def outputs(probe: Probe) -> Iterator[tuple[str, Tensor]]:
    """Output of each layer by name, where it is a dense tensor of real numbers that is not empty."""
    for name, output in probe.activations.items():
        if isinstance(output, Tensor) and output.is_floating_point() and output.numel() and output.ndim > 1:
            yield name, output.detach()


def gaps(probe: Probe) -> Iterator[Gap]:
    """Pairs of layers with something in between: functions that are no modules are found there."""
    last: tuple[str, Tensor] | None = None
    found = dict(outputs(probe))
    for name in probe.activations:
        given = probe.inputs.get(name)
        if last is not None and isinstance(given, Tensor) and given.is_floating_point():
            same = given.untyped_storage().data_ptr() == last[1].untyped_storage().data_ptr()
            if not same:
                yield Gap(*last, given.detach())
        last = (name, found[name]) if name in found else None


def is_rectifier(module: nn.Module) -> bool:
    """Whether a module gives exactly zero for all negative inputs."""
    return isinstance(module, _RECTIFIERS) or (isinstance(module, nn.Hardtanh) and module.min_val == 0)


def bounds(module: nn.Module) -> tuple[float, float] | None:
    """Between which values a module squashes its input; None for one that does not."""
    if is_rectifier(module):
        return None
    if isinstance(module, nn.Hardtanh):
        return float(module.min_val), float(module.max_val)
    return next(((low, high) for kind, low, high in _SQUASHING if isinstance(module, kind)), None)


def units(output: Tensor) -> Tensor:
    """As (examples, units, rest): channels are the second dimension of images, else units are the last."""
    if output.ndim >= 4:
        return output.flatten(2)
    return output.reshape(len(output), -1, output.shape[-1]).transpose(1, 2)


def some(output: Tensor) -> Tensor:
    """About a million entries at most, in float32 at least: all, or evenly spaced examples."""
    stride = min(len(output), -(-output.numel() // EXAMINED))
    return wide(output[::stride])
