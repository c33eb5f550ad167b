"""Hooks that a training does not notice: not copied or pickled with what they are on, and not compiled."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from typing import Any

import torch

from descentry.instruments._unwatched import looks_away

_STEPS = torch.optim.Optimizer.profile_hook_step.__code__.co_filename


class Hook:
    """A hook that holds nothing alive.

    Args:
        owner: What the hook belongs to.
        act: Called as ``act(owner, *what the hook is given)``.
    """

    def __init__(self, owner: Any, act: Callable[..., Any]) -> None:
        self._owner = weakref.ref(owner)
        self._act = act

    def __call__(self, *args: Any) -> Any:
        if torch.compiler.is_compiling() or looks_away():
            return None
        owner = self._owner()
        return None if owner is None else self._act(owner, *args)

    def __deepcopy__(self, _: Any) -> Callable[..., None]:
        return nothing

    def __reduce__(self) -> Any:
        return _nothing, ()


def nothing(*_: Any) -> None:
    """What is left of a hook in a copy."""


def _nothing() -> Callable[..., None]:
    return nothing


class Held(Hook):
    """A hook that keeps its owner alive."""

    def __init__(self, owner: Any, act: Callable[..., Any]) -> None:
        super().__init__(owner, act)
        self._kept = owner


class Closure:
    """The closure of a step that is measured: when it was first called, the gradients are in place.

    Args:
        closure: What the training gave to its optimizer.
        then: Called once, after the first call.
    """

    def __init__(self, closure: Callable[[], Any], then: Callable[[], Any]) -> None:
        self._closure, self._then = closure, then
        self._called = False

    def __call__(self) -> Any:
        """What the closure returns."""
        result = self._closure()
        if not self._called:
            self._called = True
            self._then()
        return result


def with_closure(
    args: tuple[Any, ...], kwargs: dict[str, Any], then: Callable[[], Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """What a step is to be called with instead, so that ``then`` comes once gradients are in place.

    None where there is no closure: they are in place already.
    """
    closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
    if closure is None:
        return None
    if "closure" in kwargs:
        return args, {**kwargs, "closure": Closure(closure, then)}
    return (args[0], Closure(closure, then), *args[2:]), kwargs


def is_within_another_step(optimizer: Any) -> bool:
    """Whether the step that a hook of the optimizer is called for is made by another step of it."""
    frame, steps = sys._getframe(1), 0
    while frame.f_back is not None and steps < 2:
        frame = frame.f_back
        if frame.f_code.co_filename == _STEPS and frame.f_code.co_name == "wrapper":
            steps += frame.f_locals.get("self") is optimizer
    return steps > 1
