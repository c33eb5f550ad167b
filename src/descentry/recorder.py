"""Records the numbers of a training in any framework: ``descentry.record``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from descentry import story
from descentry.core.data import Report, Run
from descentry.readers._assemble import assemble
from descentry.readers._stored import draft_of
from descentry.store.writing import RunWriter


def record(
    run_dir: str | os.PathLike[str] | None,
    *,
    name: str | None = None,
    config: Any = None,
    resume: bool = False,
) -> Recorder:
    """Begins to record a run; what it returns takes numbers and never disturbs the training.

    Writing happens in a thread of its own, every two seconds or thousand steps; no more than that is lost
    however the process dies. ``descentry explain RUN_DIR`` reads the run at any moment, also while it goes
    on. A folder that cannot be written is warned of once, and the run kept in memory.

    Args:
        run_dir: The folder of the run, or with ``name`` the folder that holds it. Where a run is in it
            already, the new one goes to ``run_dir-2``, ``run_dir-3`` … (``Recorder.folder`` says where). None
            keeps the run in memory: about two million points in full, then every second of them, every
            fourth and so on, which the report says.
        name: Name of the run's folder inside ``run_dir``.
        config: Settings worth knowing later: a dict, a namespace, a dataclass.
        resume: Join the run in the folder, if there is one that nobody else is writing. Points that the
            resume repeats replace the older ones when the run is read.

    >>> with record(None) as recorder:
    ...     for step in range(100):
    ...         recorder.log(step, loss=1 / (step + 1))
    >>> recorder.explain().verdict
    'healthy'
    """
    return Recorder(RunWriter.open(run_dir, name=name, config=config, resume=resume))


class Recorder:
    """Takes the numbers of one run; made by :func:`descentry.record`. Thread-safe.

    A ``with`` block closes it, and so does the end of the program. In a forked child it does nothing.
    """

    def __init__(self, writer: RunWriter) -> None:
        self._writer = writer

    @property
    def folder(self) -> Path | None:
        """The folder of the run; None while it is in memory only."""
        return self._writer.folder

    def log(self, step: int, values: Mapping[str, Any] | None = None, /, **metrics: Any) -> None:
        """Records metrics of a step; about two microseconds, and never an error.

        A value is a number, or a tensor or array of one element (which waits for the device it is on).
        Anything else is left out, and warned of once for each metric. NaN and infinities are kept.

        Args:
            step: Optimizer updates so far.
            values: Metrics whose names are no Python names: ``{"train/loss": 0.5}``.
            metrics: Metrics by name: ``loss=0.5``.
        """
        logged: Any = metrics
        if values is not None:
            if not isinstance(values, Mapping):
                self._writer.add_any(step, values)  # which says what is wrong with it
                return
            logged = {**values, **metrics} if metrics else values
        for value in logged.values():
            if type(value) is not float and type(value) is not int:
                # Tensors that know their gradients warn when they are packed as they are.
                self._writer.add_any(step, logged)
                return
        if logged:
            self._writer.add(step, logged)

    def note(self, text: str, *, step: int | None = None) -> None:
        """Puts a remark into the journal of the run: a restart, a change of data."""
        self._writer.event("note", text, step=step)

    def explain(self, *, metric: str | None = None, higher_is_better: bool | None = None) -> Report:
        """The story of what was logged so far.

        Where the steps started over, it is that of the last launch. Reads the whole run: a tenth of a second
        for a million points.

        Args:
            metric: Name of the series to explain; the training loss when not given.
            higher_is_better: Whether the metric should rise; judged by its name when not given.

        Raises:
            DescentryError: There is no such metric, or the run folder was removed.
        """
        run = self.run()
        return story.explain_all(run, metric=metric, higher_is_better=higher_is_better).reports[0]

    def run(self) -> Run:
        """What was logged so far; the last launch, where the steps started over.

        Raises:
            DescentryError: The run folder was removed.
        """
        stored = self._writer.snapshot()
        where = str(self.folder or stored.name)
        return assemble([draft_of(stored, state=False)], source=where, stem=stored.name, reader="run-folder")[
            -1
        ]

    def flush(self) -> None:
        """Writes what waits, now; there is no need to."""
        self._writer.flush()

    def close(self) -> None:
        """Writes what waits, and ends the run; what is logged afterwards is ignored."""
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close(error)

    def __del__(self) -> None:
        writer = getattr(self, "_writer", None)
        if writer is not None:
            writer.close()

    def __repr__(self) -> str:
        return f"Recorder({str(self.folder) if self.folder else 'in memory'!r})"
