"""Which parameters a result was computed from, read off its graph."""

from __future__ import annotations

from typing import Any

from torch import nn

from descentry.instruments._undisturbed import tensors

NODES = 20_000  # of a graph that are looked at; a large transformer has some thousands


def parameters_behind(outputs: Any) -> tuple[nn.Parameter, ...]:
    """The parameters that require a gradient and that these outputs depend on, each once.

    Only the graph is read, so it costs some microseconds a node and holds on to nothing but the parameters.
    What compiled or checkpointed parts hide is not found.
    """
    waiting = [t.grad_fn for t in tensors(outputs) if t.grad_fn is not None]
    seen = set(waiting)
    found: dict[int, nn.Parameter] = {}
    while waiting and len(seen) < NODES:
        node = waiting.pop()
        variable = getattr(node, "variable", None)
        if isinstance(variable, nn.Parameter):
            found[id(variable)] = variable
        for after, _ in node.next_functions:
            if after is not None and after not in seen:
                seen.add(after)
                waiting.append(after)
    return tuple(found.values())
