"""The worker of the board: a process that reads, explains and sums up, so that the server always has time.

It is asked through its standard input and answers through its standard output: four bytes that say how long a
message is, and the message, JSON. Numbers go through files. It ends when its input does, whatever it is at.
"""

from __future__ import annotations

import json
import os
import queue
import sqlite3
import sys
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from descentry.core import catalog
from descentry.core.data import Report
from descentry.core.errors import DescentryError, UnknownNameError
from descentry.story import explain_all
from descentry.web.board import _data, _stored, _summary, _units

KEPT_POINTS = 2_000_000  # of runs that are kept, in case that the same are asked for next
NICE = 5


def read_message(stream: IO[bytes]) -> dict[str, Any] | None:
    """The next message; None at the end."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    data = stream.read(int.from_bytes(head, "little"))
    message: dict[str, Any] = json.loads(data)
    return message


def frame(message: Mapping[str, Any]) -> bytes:
    """A message as it is sent."""
    data = json.dumps(message, allow_nan=False).encode()
    return len(data).to_bytes(4, "little") + data


class Work:
    """What the worker does, for the runs below one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scanner = _units.Scanner(folder)
        self._kept: OrderedDict[tuple[str, str], list[Report]] = OrderedDict()

    def scan(self) -> dict[str, Any]:
        """The units there are."""
        return {"units": [unit.to_dict() for unit in self._scanner.scan()]}

    def explain(self, unit: dict[str, Any]) -> dict[str, Any]:
        """The lines of a unit's runs in the list."""
        known = _units.Unit.of(unit)
        reports = self._reports(known)
        return {
            "runs": [
                _summary.summary(report, _units.run_id(known, i), known.where, known.modified)
                for i, report in enumerate(reports)
            ]
        }

    def load(self, unit: dict[str, Any], position: int, path: str) -> dict[str, Any]:
        """Writes the points of a run into a file, and tells all else that its page shows."""
        known = _units.Unit.of(unit)
        place = self._place(known)
        report, runs = self._report(known, position)
        index = _data.write(report.run, Path(path))
        return {
            "index": index,
            "place": place,
            "runs": runs,
            "summary": _summary.summary(report, _units.run_id(known, position), known.where, known.modified),
            **_summary.detail(report, self._folder),
        }

    def page(self, unit: dict[str, Any], position: int, path: str) -> dict[str, Any]:
        """Writes the report of a run as a page."""
        report, _ = self._report(_units.Unit.of(unit), position)
        report.to_html(path)
        return {"name": report.run.name}

    def export(self, unit: dict[str, Any], position: int, path: str) -> dict[str, Any]:
        """Writes the points of a run as CSV."""
        from descentry.export._table import table_of

        report, _ = self._report(_units.Unit.of(unit), position)
        catalog.entry("export", "csv").write(table_of(report.run), Path(path))
        return {"name": report.run.name}

    def _report(self, unit: _units.Unit, position: int) -> tuple[Report, int]:
        """One report, and how many there are.

        Raises:
            UnknownNameError: There are not so many.
        """
        reports = self._reports(unit)
        if position >= len(reports):
            names = [report.run.name for report in reports]
            raise UnknownNameError("this run is not there any more", where=unit.where, name="", known=names)
        return reports[position], len(reports)

    def _reports(self, unit: _units.Unit) -> list[Report]:
        key = unit.key, unit.state
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        for old in [known for known in self._kept if known[0] == unit.key]:
            del self._kept[old]  # a run that grows has a new state every few seconds
        reports = list(explain_all(_units.read(self._folder, unit)).reports)
        self._kept[key] = reports
        while len(self._kept) > 1 and sum(map(_points, self._kept.values())) > KEPT_POINTS:
            self._kept.popitem(last=False)
        if _points(reports) > KEPT_POINTS:
            self._kept.pop(key, None)
        return reports

    def _place(self, unit: _units.Unit) -> dict[str, Any]:
        """Where the log ends, before it is read: what comes later is new."""
        path = self._folder / unit.groups[0][0]
        try:
            if unit.reader in {"run-folder", "run-file"}:
                return _stored.place(path)
            return {"size": path.stat().st_size} if path.is_file() else {}
        except (OSError, DescentryError, sqlite3.Error, TypeError, ValueError):
            return {}


def _points(reports: list[Report]) -> int:
    return sum(len(s) for report in reports for s in report.run.series)


def answer(work: Work, message: dict[str, Any]) -> dict[str, Any]:
    """What a message is answered with: what was found, or why not."""
    things: dict[str, Callable[..., dict[str, Any]]] = {
        "scan": work.scan,
        "explain": work.explain,
        "load": work.load,
        "page": work.page,
        "export": work.export,
    }
    try:
        do = message.pop("do")
        return {"ok": things[do](**message)}
    except DescentryError as error:
        missing = isinstance(error, UnknownNameError)
        return {"mistake": {"what": error.what, "where": error.where, "how": error.how, "missing": missing}}
    except OSError as error:
        return {"mistake": {"what": f"it cannot be read: {error.strerror or error}", "where": "", "how": ""}}
    except Exception as error:  # noqa: BLE001 - a log that breaks a reader must not end the board
        traceback.print_exc()
        return {"defect": f"{type(error).__name__}: {error}"[:500]}


def main() -> None:
    """Answers messages until there are no more."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints must not get between the messages
    if hasattr(os, "nice"):
        os.nice(NICE)
    waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()

    def listen() -> None:
        while (message := read_message(sys.stdin.buffer)) is not None:
            waiting.put(message)
        os._exit(0)  # the server is gone: nobody waits for what is being done

    threading.Thread(target=listen, daemon=True).start()
    work = Work(Path(sys.argv[1]))
    while True:
        out.write(frame(answer(work, waiting.get())))
        out.flush()


if __name__ == "__main__":
    main()
