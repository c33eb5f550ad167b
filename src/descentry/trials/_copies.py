"""Copies of values that hold tensors, and putting them back into the tensors they were taken from."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Memo = dict[
    int, tuple[Any, Any]
]  # id of the original: the original, so that the id stays its own, and its copy


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The copy of one tensor, and the device that it belongs to."""

    value: Tensor
    home: torch.device

    @classmethod
    def of(cls, tensor: Tensor, device: torch.device | None = None) -> Kept:
        """A detached copy on ``device``, or beside the original."""
        made = tensor.detach()
        made = made.clone() if device is None or tensor.device == device else made.to(device, copy=True)
        return cls(made, tensor.device)

    def fresh(self) -> Tensor:
        """A new tensor like the one that was copied."""
        return self.value.to(self.home, copy=True)

    def put(self, target: Tensor) -> None:
        """Makes ``target`` hold what was copied: in place where their kinds agree, else by its ``.data``."""
        if same_kind(target, self.value) and not _overlaps(target):
            with torch.no_grad():
                target.copy_(self.value)
        else:
            target.data = self.fresh()


def same_kind(one: Tensor, other: Tensor) -> bool:
    """Whether one can hold the bits of the other."""
    return one.shape == other.shape and one.dtype == other.dtype and one.layout == other.layout


def copied(value: Any, device: torch.device | None, memo: Memo) -> Any:
    """A copy with the same nesting, :class:`Kept` for tensors; what was one object twice is so in the copy.

    Args:
        value: Tensors, numbers, and nested dicts, lists and tuples of them. What else can be deep-copied is;
            what cannot is kept by reference.
        device: Where copies of tensors go; beside the originals when None.
        memo: Copies made so far, shared between calls that may meet one tensor twice.
    """
    if id(value) in memo:
        return memo[id(value)][1]
    made: Any
    if isinstance(value, Tensor):
        made = Kept.of(value, device)
    elif type(value) is dict:
        made = {key: copied(item, device, memo) for key, item in value.items()}
    elif type(value) in (list, tuple):
        made = type(value)(copied(item, device, memo) for item in value)
    else:
        made = _deep(value)
    memo[id(value)] = (value, made)
    return made


def put_back(current: Any, kept: Any, made: dict[int, Any] | None = None) -> Any:
    """What stands for ``kept``: the dicts and tensors of ``current``, written to, where they fit; else fresh.

    Args:
        current: What is there now.
        kept: What :func:`copied` made; it stays untouched, so that it can be put back again.
        made: What has been put back so far, for copies that stand in several places.
    """
    made = {} if made is None else made
    if id(kept) in made:
        return made[id(kept)]
    result: Any
    if isinstance(kept, Kept):
        if isinstance(current, Tensor) and _fits(current, kept.value):
            kept.put(current)
            result = current
        else:
            result = kept.fresh()
    elif type(kept) is dict:
        result = current if type(current) is dict else {}
        found = {key: put_back(result.get(key), item, made) for key, item in kept.items()}
        result.clear()
        result.update(found)
    elif type(kept) in (list, tuple):
        result = type(kept)(put_back(None, item, made) for item in kept)
    else:
        result = _deep(kept)
    made[id(kept)] = result
    return result


def size(values: Iterable[Any], seen: set[int]) -> int:
    """Bytes of the copies of tensors in nested values, each counted once."""
    total = 0
    for value in values:
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Kept):
            total += _bytes(value.value)
        elif isinstance(value, dict):
            total += size(value.values(), seen)
        elif isinstance(value, (list, tuple)):
            total += size(value, seen)
    return total


def _deep(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - handles, locks, and objects that hold parts of a graph
        return value


def _bytes(value: Tensor) -> int:
    if value.layout == torch.sparse_coo:
        return _bytes(value._indices()) + _bytes(value._values())
    if value.layout != torch.strided:
        return _bytes(value.values())
    return value.numel() * value.element_size()


def _fits(current: Tensor, kept: Tensor) -> bool:
    strided = current.layout == torch.strided
    return strided and same_kind(current, kept) and not current.requires_grad and not _overlaps(current)


def _overlaps(value: Tensor) -> bool:
    # An expanded tensor cannot be written to: several of its entries are one number in memory.
    if value.layout != torch.strided:
        return False
    return any(step == 0 and length > 1 for step, length in zip(value.stride(), value.shape, strict=True))
