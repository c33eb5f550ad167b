"""Everything about a training as bytes, so that two moments of it can be compared bit for bit."""

import random

import numpy as np
import torch


def of(value):
    """Nested values with bytes for tensors."""
    if isinstance(value, torch.Tensor):
        if value.layout != torch.strided:
            value = value.coalesce()
            return ("sparse", of(value.indices()), of(value.values()))
        flat = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        return (str(value.dtype), tuple(value.shape), flat.numpy().tobytes())
    if isinstance(value, dict):
        return {
            key if not isinstance(key, torch.Tensor) else id(key): of(item) for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [of(item) for item in value]
    return repr(value)


def streams():
    return [of(torch.get_rng_state()), repr(random.getstate()), repr(np.random.get_state())]  # noqa: NPY002


def bits(model, optimizer=None):
    """Of a training: objects by identity, contents by value."""
    found = {
        "tensors": {
            n: (id(t), of(t), t.requires_grad, of(t.grad) if t.is_leaf else None)
            for n, t in [*model.named_parameters(), *model.named_buffers()]
        },
        "modes": [m.training for m in model.modules()],
        "streams": streams(),
    }
    if optimizer is not None:
        groups = [{**g, "params": [id(p) for p in g["params"]]} for g in optimizer.param_groups]
        found |= {"groups": of(groups), "state": of(dict(optimizer.state))}
    return found
