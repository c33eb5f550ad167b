"""The losses of a script that changes its weights itself, without an optimizer of PyTorch's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from descentry.recorder import Recorder, record

if TYPE_CHECKING:
    from descentry.core.data import Report

_WAIT = 200  # losses before a run is begun: an optimizer may come after many small batches
_TOGETHER = 256
_OFTEN = 2.0  # seconds
_LEAST = 8  # fewer are no training


class ByHand:
    """Takes each loss that ``backward`` is called on, as one step, until an optimizer makes one."""

    def __init__(self, name: str, options: Mapping[str, str]) -> None:
        self._name, self._options = name, options
        self._waiting: list[Tensor] = []
        self._recorder: Recorder | None = None
        self._step = 0
        self._written = time.monotonic()

    def add(self, loss: Tensor) -> None:
        """One more; read when some have come together, so that a GPU is not waited for."""
        self._waiting.append(loss.clone())
        count = len(self._waiting)
        if self._recorder is None:
            if count >= _WAIT:
                self._begin()
        elif count >= _TOGETHER or time.monotonic() - self._written > _OFTEN:
            self._write(self._recorder)

    def _begin(self) -> Recorder:
        if self._recorder is None:
            self._recorder = record(self._options["run_dir"], name=self._name)
            self._recorder.note("No optimizer of PyTorch's made a step: each call of backward counts as one.")
        self._write(self._recorder)
        return self._recorder

    def _write(self, recorder: Recorder) -> None:
        waiting, self._waiting = self._waiting, []
        kinds = {(t.device, t.dtype) for t in waiting}
        values = torch.stack(waiting).tolist() if len(kinds) == 1 else [t.item() for t in waiting]
        for value in values:
            recorder.log(self._step, loss=value)
            self._step += 1
        self._written = time.monotonic()

    @property
    def is_training(self) -> bool:
        """Whether there were enough of them to be called one."""
        return self._step + len(self._waiting) >= _LEAST

    @property
    def folder(self) -> Path | None:
        """Of the run."""
        return self._begin().folder

    def explain(self) -> Report:
        """The story of the losses."""
        return self._begin().explain()

    def close(self) -> None:
        """Writes what waits, and ends the run."""
        self._begin().close()
