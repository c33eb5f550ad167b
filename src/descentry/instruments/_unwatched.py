"""Steps that are not the training's own: while trials are run on a model, whoever watches it looks away."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

_trials = 0


@contextlib.contextmanager
def unwatched() -> Iterator[None]:
    """A block whose forward passes, losses and steps are no part of the run that is recorded."""
    global _trials
    _trials += 1
    try:
        yield
    finally:
        _trials -= 1


def looks_away() -> bool:
    """Whether such a block is being run."""
    return _trials > 0
