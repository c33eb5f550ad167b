"""Writes a run while it goes on: the training loop only appends, a thread of its own does the rest."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time as clock
import weakref
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from descentry.core.errors import DescentryError
from descentry.store import _plain, reading, schema
from descentry.store._disk import Disk
from descentry.store._intake import Intake
from descentry.store._memory import Memory
from descentry.store._rows import Block, gather
from descentry.store.reading import Line, StoredRun

INTERVAL = 2.0  # seconds between flushes at most
RETRY = 30.0  # seconds before a disk that refused is tried again
PATIENCE = 10.0  # seconds to wait for a disk that hangs
_FORK_PATIENCE = 1.0


class RunWriter(Intake):
    """Appends to one run. Thread-safe; nothing raises, grows without bound, or in ``add`` waits for a disk.

    Rows are flushed every two seconds or thousand rows, so no more is lost however the process dies. What
    cannot be written is warned of once and kept in memory: up to 64 MiB, thinned beyond that. The disk is
    tried again every half minute. A forked child writes nothing: the run is its parent's.

    Attributes:
        folder: The run folder; None for a run that is in memory only, on purpose or because nothing can be
            written where it should be.
    """

    def __init__(self, disk: Disk | None, config: Mapping[str, Any], name: str) -> None:
        super().__init__(disk.first_row if disk else 0)
        self._disk = disk
        self._config: Mapping[str, Any] = dict(config)
        self._stored: Mapping[str, Any] = self._config
        self._name = name
        self.folder = disk.folder if disk else None
        # Whoever holds this never takes `_adding`: a signal handler that flushes in the middle of `add` would
        # wait for the thread while the thread waits for it.
        self._writing = threading.RLock()
        self._writer = 0  # the thread that is writing
        self._memory = Memory()
        self._retry_at = 0.0
        self._closed = False
        # No Event: its lock is not re-entrant, and a signal handler may ring in the middle of a ring.
        self._bell: SimpleQueue[None] = SimpleQueue()
        _open.add(self)
        if disk is not None:
            threading.Thread(target=self._work, name="descentry-writer", daemon=True).start()

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str] | None,
        *,
        name: str | None = None,
        config: Any = None,
        resume: bool = False,
    ) -> RunWriter:
        """A writer of a new run, or with ``resume`` of the one in the folder; the exit closes it if need be.

        Args:
            folder: The run folder, or with ``name`` the folder that holds it. Where a run is in it already,
                the new one goes beside it: ``folder-2``, ``folder-3`` … None keeps the run in memory.
            name: Name of the run folder inside ``folder``.
            config: Settings of the run: a dict, a namespace, a dataclass.
            resume: Join the run in the folder, if there is one and nobody else is writing it.
        """
        settings = _plain.settings(config)
        if folder is None:
            return cls(None, settings, name or "run")
        place = Path(folder).expanduser().absolute()
        place = place / name if name else _inside(place)
        try:
            disk = Disk.open(place, settings, resume=resume)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the folder, the training goes on
            writer = cls(None, settings, place.name)
            writer._warn(
                "disk", f"{place} cannot be written ({_said(error)}): the run is kept in memory only"
            )
            return writer
        writer = cls(disk, settings, disk.folder.name)
        if resume and disk.folder != place:
            writer._warn("resume", f"{place} is not free to be joined: this run goes to {disk.folder}")
        return writer

    def configure(self, more: Any) -> None:
        """Adds settings that have become known; those of the same name are replaced.

        Args:
            more: A dict, a namespace, a dataclass.
        """
        if not self._off:
            with self._adding:
                self._config = {**self._config, **_plain.settings(more)}

    def flush(self) -> None:
        """Writes what waits, now."""
        if not self._off and self._writing.acquire(timeout=PATIENCE):
            try:
                self._write()
            finally:
                self._writing.release()

    def snapshot(self) -> StoredRun:
        """The run so far, from the disk and from memory.

        Raises:
            DescentryError: The run folder is gone, or damaged.
        """
        self.flush()
        try:
            stored = reading.read(self._disk.folder) if self._disk else None
        except OSError as error:
            raise DescentryError(
                f"the run cannot be read: {_said(error)}",
                where=str(self.folder),
                how="Was its folder removed?",
            ) from None
        with self._writing:
            blocks = [Block.of(group, rows) for group, parts in self._memory.rows.items() for rows in parts]
            lines = [reading.line(*entry) for entry in list(self._lines)]
            if gap := self._memory.gap():
                lines.append(Line(clock.time(), None, "gap", gap))
        if stored is None:
            ended = self._off
            stored = StoredRun(self._name, self._config, (), (), {}, "ended" if ended else "running")
        return stored.with_more(gather(blocks), lines)

    def close(self, error: BaseException | None = None) -> None:
        """Writes what waits and says that the run has ended, or by which error; then takes nothing more."""
        if self._closed or self._writer == threading.get_ident():
            return  # the latter: a signal handler, in the middle of a write; the exit closes
        if error is not None:
            self.event("error", f"{type(error).__name__}: {error}"[:1000])
        self._off = True
        self._bell.put(None)
        if not self._writing.acquire(timeout=PATIENCE):
            self._warn("disk", f"{self.folder} does not answer: what was logged last may be missing from it")
            return
        try:
            if self._closed:  # by a signal handler, meanwhile
                return
            self._retry_at = 0.0
            self._write(last=True)
            self._closed = True
            if self._disk is not None:
                self._disk.close("died" if error is not None else "ended")
        except Exception as problem:  # noqa: BLE001 - a full disk does not make a finished training a failed one
            self._warn(
                "disk", f"{self.folder} could not be closed ({_said(problem)}); what was written is safe"
            )
        finally:
            if self._closed:
                _open.discard(self)
            self._writing.release()

    def _work(self) -> None:
        """What the thread does until the run is closed."""
        while not self._off:
            with contextlib.suppress(Empty):
                self._bell.get(timeout=INTERVAL)
                while True:
                    self._bell.get_nowait()
            self.flush()

    def _full(self) -> None:
        if self._disk is not None:
            self._bell.put(None)
        else:
            self.flush()

    def _write(self, *, last: bool = False) -> None:
        """Brings to the disk what waits; what it refuses stays in memory."""
        if self._writer:
            return  # a signal handler, in the middle of this very call
        try:
            self._writer = threading.get_ident()
            if self._off and not last:
                return  # closed while this waited
            self._collect(self._memory)
            if self._disk is None or clock.monotonic() < self._retry_at:
                self._memory.thin()
                return
            config = self._config
            if config is not self._stored:
                self._disk.configure(config)
                self._stored = config
            lines = list(self._lines)
            gap = self._memory.gap()
            thinned = [(clock.time(), None, "gap", _plain.dumps(gap))] if gap else []
            self._disk.write(self._memory.rows, [*lines, *thinned])
            self._memory.clear()
            written = set(map(id, lines))
            while self._lines and id(self._lines[0]) in written:
                self._lines.popleft()
        except Exception as error:  # noqa: BLE001 - a full disk is a warning, not the end of the training
            self._retry_at = clock.monotonic() + RETRY
            self._memory.thin()
            what = f"{self.folder} cannot be written ({_said(error)}): the run is kept in memory until it can"
            self._warn("disk", f"{what}; what was written before is safe")
        finally:
            self._writer = 0

    def _leave(self) -> None:
        """What becomes of the writer in a forked child: nothing of its parent's is touched any more."""
        self._off = self._closed = True
        self._adding, self._writing = threading.RLock(), threading.RLock()
        if self._disk is not None:
            self._disk.leave()


def _inside(folder: Path) -> Path:
    """The folder, or where it holds runs, one in it named by the time: a run hides those inside it."""
    try:
        holds_runs = not (folder / schema.FILE).exists() and any(folder.glob(f"*/{schema.FILE}"))
    except OSError:
        return folder
    return folder / clock.strftime("%Y-%m-%d_%H-%M-%S") if holds_runs else folder


def _said(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


_open: weakref.WeakSet[RunWriter] = weakref.WeakSet()
_held: list[RunWriter] = []
_inherited: list[RunWriter] = []  # in a child: kept for good, so that nothing of the parent's is closed


def _before_fork() -> None:
    """Waits for writes to end: a child that took over half of one would spoil its parent's."""
    _held.extend(w for w in list(_open) if w._writing.acquire(timeout=_FORK_PATIENCE))


def _after_fork_in_parent() -> None:
    while _held:
        _held.pop()._writing.release()


def _after_fork_in_child() -> None:
    _held.clear()
    for writer in list(_open):
        writer._leave()
        _inherited.append(writer)
    _open.clear()


def _close_all() -> None:
    """At the exit: an error that nobody caught is what the runs died of, unless a person is at the prompt."""
    error = None if hasattr(sys, "ps1") else getattr(sys, "last_value", None)
    for writer in list(_open):
        writer.close(error)


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
