"""What a model's last operation was: a softmax, a sigmoid, a rectifier or something else."""

from __future__ import annotations

import re
from typing import Any

from torch import Tensor

RANGES = {"softmax": (0.0, 1.0), "sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, float("inf"))}

_NAMES = {
    "Softmax": "softmax",
    "LogSoftmax": "log-softmax",
    "Sigmoid": "sigmoid",
    "Hardsigmoid": "sigmoid",
    "Tanh": "tanh",
    "Relu": "relu",
}
_SHAPES = {
    "Permute",
    "Reshape",
    "ReshapeAlias",
    "Squeeze",
    "T",
    "Transpose",
    "UnsafeView",
    "Unsqueeze",
    "View",
}
_SAME_VALUES = _SHAPES | {"Alias", "AsStrided", "Clone", "Expand", "Index", "Select", "Slice", "ToCopy"}
_DEPTH = 16


def last_operation(outputs: Any) -> str:
    """``softmax``, ``log-softmax``, ``sigmoid``, ``tanh``, ``relu`` or ``other``; empty if it cannot be told.

    Read off the graph by the name of its last node, past what only changes the shape or the precision, so it
    costs nothing and holds on to nothing. Outputs of compiled models, of custom functions, and outputs that
    are not one tensor cannot be told.
    """
    node = outputs.grad_fn if isinstance(outputs, Tensor) else None
    for _ in range(_DEPTH):
        if node is None:
            return ""
        found = re.fullmatch(r"(\w+)Backward\d+", node.name())
        if found is None:
            return ""
        if found[1] not in _SAME_VALUES:
            return _NAMES.get(found[1], "other")
        node = node.next_functions[0][0]
    return ""
