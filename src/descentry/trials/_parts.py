"""The parts of a snapshot: a module, an optimizer, a random generator, or what keeps a state of its own."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from descentry.core.errors import DescentryError
from descentry.trials._copies import Kept, Memo, copied, put_back, same_kind

PLAIN = (bool, int, float, complex, str, type(None))  # cannot change behind a reference
STREAMS = (torch.Generator, np.random.Generator, random.Random)  # noqa: S311 - the user's own, not ours


@dataclass(eq=False)
class Copying:
    """One snapshot in the making: a tensor that is met twice is copied, and put back, once.

    Attributes:
        device: Where copies go; beside the originals when None.
        memo: Copies made so far.
        leaves: Tensors that are written to in place.
    """

    device: torch.device | None
    memo: Memo = field(default_factory=dict)
    leaves: list[Leaf] = field(default_factory=list)

    def copy(self, value: Any) -> Any:
        """As :func:`copied`."""
        return copied(value, self.device, self.memo)

    def new_leaves(self, tensors: Iterable[Tensor]) -> list[Leaf]:
        """Those of these tensors that no other part has."""
        known = {id(leaf.tensor) for leaf in self.leaves}
        found = [Leaf(t, self) for t in {id(t): t for t in tensors if id(t) not in known}.values()]
        self.leaves.extend(found)
        return found


class Part:
    """One of the things that a snapshot holds."""

    def copies(self) -> Any:
        """The copies, for their size."""
        return ()

    def restore(self) -> None:
        """Puts it back.

        Raises:
            NotImplementedError: By this base class.
        """
        raise NotImplementedError


def part_of(thing: Any, copying: Copying) -> Part:
    """The copy of one thing.

    Raises:
        DescentryError: It cannot be copied, or a parameter in it has no size yet.
    """
    if isinstance(thing, nn.Module):
        return _Module(thing, copying)
    if hasattr(thing, "param_groups"):
        return _Optimizer(thing, copying)
    if isinstance(thing, STREAMS):
        return _Stream(thing)
    if callable(getattr(thing, "state_dict", None)) and callable(getattr(thing, "load_state_dict", None)):
        return _Stateful(thing, copying)
    raise DescentryError(
        f"{type(thing).__name__} cannot be kept: it has no state_dict() and load_state_dict()",
        where="Snapshot.take",
        how="Leave it out, or give it both.",
    )


class Leaf:
    """One tensor that is written to in place, with its gradient.

    Raises:
        DescentryError: It has no size yet.
    """

    def __init__(self, tensor: Tensor, copying: Copying) -> None:
        if is_lazy(tensor):
            raise DescentryError(
                "a parameter has no size yet", where="Snapshot.take", how="Call the model on a batch first."
            )
        self.tensor = tensor
        self.learns = tensor.requires_grad
        self.value: Kept = copying.copy(tensor)
        # What is part of a graph has no gradient of its own, and reading it warns.
        self.gradient: Kept | None = copying.copy(tensor.grad) if tensor.is_leaf else None

    def restore(self) -> None:
        """Puts value, gradient and ``requires_grad`` back."""
        tensor, kept = self.tensor, self.gradient
        self.value.put(tensor)
        if not tensor.is_leaf:
            return
        tensor.requires_grad_(self.learns)
        now = tensor.grad
        if kept is None:
            tensor.grad = None
        elif now is not None and now.layout == torch.strided and same_kind(now, kept.value):
            kept.put(now)
        else:
            tensor.grad = kept.fresh()


class _Module(Part):
    """A module and all in it."""

    def __init__(self, module: nn.Module, copying: Copying) -> None:
        self.modules = list(module.modules())
        self.modes = [m.training for m in self.modules]
        self.registered = [(dict(m._parameters), dict(m._buffers)) for m in self.modules]
        self.plain = [_plain(m) for m in self.modules]
        tensors = [t for own in self.registered for table in own for t in table.values() if t is not None]
        tensors += [t for own in self.plain for t in own.values() if isinstance(t, Tensor) and t.is_leaf]
        self.leaves = copying.new_leaves(tensors)

    def copies(self) -> Any:
        return [(leaf.value, leaf.gradient) for leaf in self.leaves]

    def restore(self) -> None:
        for module, mode, registered, plain in zip(
            self.modules, self.modes, self.registered, self.plain, strict=True
        ):
            _refill(module._parameters, registered[0])
            _refill(module._buffers, registered[1])
            vars(module).update(plain)
            module.training = mode
        for leaf in self.leaves:
            leaf.restore()


class _Optimizer(Part):
    """An optimizer: settings of its groups, its state, and the parameters it holds."""

    def __init__(self, optimizer: Any, copying: Copying) -> None:
        self.optimizer = optimizer
        self.groups = [(group, list(group["params"])) for group in optimizer.param_groups]
        self.settings = [
            {key: copying.copy(value) for key, value in group.items() if key != "params"}
            for group, _ in self.groups
        ]
        self.state = [(key, copying.copy(own)) for key, own in _state(optimizer).items()]
        self.plain = {k: v for k, v in _plain(optimizer).items() if not isinstance(v, Tensor)}
        self.leaves = copying.new_leaves(p for _, held in self.groups for p in held)

    def copies(self) -> Any:
        return [[(leaf.value, leaf.gradient) for leaf in self.leaves], self.settings, self.state]

    def restore(self) -> None:
        self.optimizer.param_groups[:] = [group for group, _ in self.groups]
        for (group, held), settings in zip(self.groups, self.settings, strict=True):
            group["params"][:] = held
            for key in group.keys() - settings.keys() - {"params"}:
                del group[key]
            group.update({key: put_back(group.get(key), value) for key, value in settings.items()})
        for leaf in self.leaves:
            leaf.restore()
        state = _state(self.optimizer)
        now = dict(state)
        state.clear()
        made: dict[int, Any] = {}
        for key, kept in self.state:
            state[key] = put_back(now.get(key), kept, made)
        vars(self.optimizer).update(self.plain)


class _Stateful(Part):
    """Whatever gives its state away and takes it back."""

    def __init__(self, thing: Any, copying: Copying) -> None:
        self.thing = thing
        self.state = copying.copy(thing.state_dict())

    def copies(self) -> Any:
        return self.state

    def restore(self) -> None:
        self.thing.load_state_dict(put_back(None, self.state))


class _Stream(Part):
    """A random generator of the user's own."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        if isinstance(stream, torch.Generator):
            self.state: Any = stream.get_state()
        elif hasattr(stream, "getstate"):
            self.state = stream.getstate()
        else:
            self.state = copy.deepcopy(stream.bit_generator.state)

    def restore(self) -> None:
        if isinstance(self.stream, torch.Generator):
            self.stream.set_state(self.state.clone())
        elif hasattr(self.stream, "getstate"):
            self.stream.setstate(self.state)
        else:
            self.stream.bit_generator.state = copy.deepcopy(self.state)


def _state(optimizer: Any) -> Any:
    state = getattr(optimizer, "state", None)
    return {} if state is None else state


def _plain(thing: Any) -> dict[str, Any]:
    return {k: v for k, v in vars(thing).items() if type(v) in PLAIN or isinstance(v, Tensor)}


def _refill(live: Any, before: dict[str, Any]) -> None:
    if list(live) != list(before) or any(live[name] is not tensor for name, tensor in before.items()):
        live.clear()
        live.update(before)
