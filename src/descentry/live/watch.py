"""Watches a live PyTorch training: ``descentry.watch``."""

from __future__ import annotations

import atexit
import dataclasses
import os
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from torch import Tensor, nn

from descentry import story
from descentry.core import catalog
from descentry.core.data import Gap, Measurement, Report, Run
from descentry.core.errors import DescentryError
from descentry.live import _around
from descentry.live._clock import Clock
from descentry.live._session import Session
from descentry.recorder import Recorder
from descentry.store.writing import RunWriter


def watch(
    model: nn.Module,
    optimizer: Any,
    loss_fn: Callable[..., Any] | None = None,
    overhead: float = 0.02,
    run_dir: str | os.PathLike[str] | None = "runs",
    name: str | None = None,
    config: Any = None,
    resume: bool = False,
    scaler: Any = None,
    _clock: Clock | None = None,
) -> Watch:
    """Begins to watch a training; call ``step(loss)`` on what it returns after each ``optimizer.step()``.

    The training is never disturbed: parameters, gradients, buffers and random numbers are to the bit what
    they are without it, and no error of descentry's reaches the loop.

    Args:
        model: The model; one that is compiled or in DistributedDataParallel too.
        optimizer: The optimizer that trains it.
        loss_fn: ``loss_fn(outputs, targets)``, where it is a module of your own. The losses of
            ``torch.nn.functional`` and ``torch.nn`` are recognised without it.
        overhead: The share of the time that may go to measuring, at most. With 0 only the loss, the learning
            rate and what is logged are recorded. Short runs get an advance of a quarter of a second of work.
        run_dir: The folder that holds runs; None keeps the run in memory.
        name: Of the run's folder inside ``run_dir``; the time when not given.
        config: Settings worth knowing later: a dict, a namespace, a dataclass.
        resume: Join the run ``name`` in ``run_dir`` if it is there and nobody else is writing it.
        scaler: The ``GradScaler`` of mixed precision; found by itself where there is one only.

    Raises:
        DescentryError: ``overhead`` is no share, or ``model`` is no module.
    """
    began = time.perf_counter()
    if not isinstance(model, nn.Module):
        raise DescentryError(f"model is no torch.nn.Module but {type(model).__name__}", where="watch")
    if not isinstance(overhead, (int, float)) or not 0 <= overhead < 1:
        raise DescentryError(
            f"overhead is no share of the time: {overhead!r}",
            where="watch",
            how="Give a number from 0 (scalars only) to below 1; 0.02 is 2%.",
        )
    if not hasattr(optimizer, "param_groups"):
        raise DescentryError(f"optimizer has no parameter groups: {type(optimizer).__name__}", where="watch")
    folder = None if _around.of(model).rank else run_dir
    if name is None and not resume and folder is not None:
        name = time.strftime("%Y-%m-%d_%H-%M-%S")
    recorder = Recorder(RunWriter.open(folder, name=name, config=config, resume=resume))
    first = _next_step(recorder, optimizer) if resume else 0
    session = Session(model, optimizer, loss_fn, scaler, float(overhead), recorder, _clock, began, first)
    return Watch(session)


def _next_step(recorder: Recorder, optimizer: Any) -> int:
    """Of a run that is joined: what the optimizer has counted, or one more than what was recorded last."""
    try:
        series = recorder._writer.snapshot().series.items()
        # What was read when the run ended stands at the step that would have come next.
        recorded = max((int(p.step[-1]) for n, p in series if not n.startswith("restarts/")), default=-1)
        if recorded < 0:
            return 0
        counts = [float(s["step"]) for s in optimizer.state.values() if "step" in s]
        counted = int(max(counts, default=0))
        return counted if 0 < counted <= recorded else recorded + 1
    except Exception:  # noqa: BLE001 - whatever is in the folder, the training goes on
        return 0


@dataclass(frozen=True)
class Spent:
    """What watching has cost.

    Attributes:
        seconds: In all.
        elapsed: Seconds since watching began.
        instruments: Seconds by instrument; what is missing to ``seconds`` went to scalars and the run folder.
        readings: How often each was read.
    """

    seconds: float
    elapsed: float
    instruments: Mapping[str, float]
    readings: Mapping[str, int]

    @property
    def share(self) -> float:
        """Of the time that has passed."""
        return self.seconds / self.elapsed if self.elapsed > 0 else 0.0


class Watch:
    """Watches one training; made by :func:`descentry.watch`.

    A ``with`` block closes it, and so do the end of the program and the end of the optimizer's life: what was
    measured is not lost. In a forked child it does nothing.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._recorder = session.recorder
        _open.add(session)

    def step(self, loss: Tensor | float | None = None) -> None:
        """Says that the optimizer has made a step with this loss; a few microseconds, and never an error.

        Args:
            loss: A tensor of one element, or a number. A tensor on a GPU is not waited for.
        """
        self._session.stepped(loss)

    def log(self, values: Mapping[str, Any] | None = None, /, **metrics: Any) -> None:
        """Records other metrics at the present step: ``watch.log(val_loss=0.5)``.

        Args:
            values: Metrics whose names are no Python names.
            metrics: Metrics by name.
        """
        self._recorder.log(max(0, self._session.updates - 1), values, **metrics)

    def note(self, text: str) -> None:
        """Puts a remark into the journal of the run."""
        self._recorder.note(text, step=self._session.updates)

    @property
    def updates(self) -> int:
        """Steps that the optimizer has made."""
        return self._session.updates

    @property
    def folder(self) -> Path | None:
        """The folder of the run; None while it is in memory only."""
        return self._recorder.folder

    @property
    def spent(self) -> Spent:
        """What watching has cost so far."""
        found = self._session.spent()
        return Spent(found["seconds"], found["elapsed"], found["instruments"], found["readings"])

    @property
    def measurements(self) -> dict[str, Measurement]:
        """The last reading of each series."""
        self._session.bring()
        return dict(self._session.lab.publisher.latest)

    @property
    def is_measuring(self) -> bool:
        """Whether the step that comes next, or is being made, is measured."""
        return self._session.sample is not None

    def loss_returned(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        loss: Tensor,
    ) -> None:
        """Says which call gave the loss of the step that is being measured, before the optimizer makes it.

        For integrations that know more than the watch, which listens by itself.

        Args:
            function: A loss of ``torch.nn.functional``, or ``function(outputs, targets)``.
            args: What it was called with: an output of the model and targets, or for a function of your own
                the model's outputs as a list and targets.
            kwargs: Its arguments by name.
            loss: What it returned.
        """
        self._session.loss_returned(function, args, kwargs, loss)

    def run(self) -> Run:
        """What was recorded so far.

        Raises:
            DescentryError: The run folder was removed.
        """
        self._session.bring()
        run = self._recorder.run()
        if self._session.closed:
            return run
        gaps = [Gap(g["kind"], g["what"], g["count"]) for g in self._session.lab.not_read()]
        return dataclasses.replace(run, gaps=(*run.gaps, *gaps))

    def explain(self, *, metric: str | None = None, higher_is_better: bool | None = None) -> Report:
        """The story so far, at any time.

        Args:
            metric: Name of the series to explain; the loss when not given.
            higher_is_better: Whether the metric should rise; judged by its name when not given.

        Raises:
            DescentryError: There is no such metric, or the run folder was removed.
        """
        return story.explain_all(self.run(), metric=metric, higher_is_better=higher_is_better).reports[0]

    def flush(self) -> None:
        """Writes what waits, now; there is no need to."""
        self._session.bring()
        self._recorder.flush()

    def close(self) -> None:
        """Ends the watch and the run; what follows is ignored."""
        self._session.close()
        self._recorder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()
        self._recorder.__exit__(kind, error, trace)

    def __repr__(self) -> str:
        return f"Watch({str(self.folder) if self.folder else 'in memory'!r}, {self.updates:,} steps)"


_open: weakref.WeakSet[Session] = weakref.WeakSet()


def _close_all() -> None:
    for session in list(_open):
        session.close()
        session.recorder.close()


atexit.register(_close_all)
catalog.entries("instruments")  # loaded with the watch, and not at the cost of the first training
