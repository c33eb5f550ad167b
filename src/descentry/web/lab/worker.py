"""The worker process: reads requests, runs scenes, writes pictures. ``python -m descentry.web.lab.worker``.

It lives as long as its standard input: when the server ends, however it ends, so does the worker. Of each
tab only the newest request counts; an older one is dropped while it waits, and stopped at its next step
while it runs. Its memory is bounded by the system, its time by the bench and, for what never comes back to
the bench, by the server, which ends it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any

import numpy as np

from descentry.core.errors import DescentryError
from descentry.web.lab import _entry, frames, pictures
from descentry.web.sockets import pack

MEMORY = 1 << 30  # bytes beyond what the libraries themselves take

Write = Callable[[int, int, bytes], None]


class Desk:
    """The requests that wait: one a tab, the tab that has waited longest first."""

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._newest: dict[int, int] = {}
        self._waiting: dict[int, Mapping[str, Any]] = {}
        self._closed = False

    def put(self, tab: int, request: Mapping[str, Any]) -> None:
        """Takes a request, in place of the one that waits; ``leave`` forgets the tab."""
        with self._ready:
            if request.get("leave"):
                self._newest.pop(tab, None)
                self._waiting.pop(tab, None)
                return
            self._newest[tab] = request["id"]
            self._waiting[tab] = request
            self._ready.notify()

    def take(self) -> tuple[int, Mapping[str, Any]] | None:
        """The next request; None when no more will come."""
        with self._ready:
            while not self._waiting:
                if self._closed:
                    return None
                self._ready.wait()
            tab = next(iter(self._waiting))
            return tab, self._waiting.pop(tab)

    def stale(self, tab: int, id: int) -> bool:
        """Whether a newer request of the tab has come, or the tab is gone."""
        return self._newest.get(tab) != id

    def close(self) -> None:
        """No more will come."""
        with self._ready:
            self._closed = True
            self._ready.notify()


def answer(tab: int, request: Mapping[str, Any], desk: Desk, write: Write) -> None:
    """Runs the scene of a request and writes its pictures; a mistake is told, and so is a defect."""
    from descentry.web.lab.bench import Bench
    from descentry.web.lab.makers import OwnData

    id = int(request["id"])
    own = request.get("own")
    table = OwnData(np.array(own["table"], dtype=np.float64), tuple(own["names"])) if own else None
    bench = Bench(lambda: desk.stale(tab, id), table)
    try:
        scene = _entry.scene(str(request["scene"]))
        for picture in scene.run(scene.read(request["settings"]), bench):
            if desk.stale(tab, id):
                return
            plain, arrays = pictures.parts(picture)
            write(tab, frames.PICTURE, pack({"id": id, "scene": scene.id, "picture": plain}, arrays))
    except Bench.Stale:
        return
    except DescentryError as error:
        _tell(tab, id, write, error.what, error.where, error.how)
    except Exception as error:  # noqa: BLE001 - the next experiment is to find a worker that lives
        # PyTorch has no MemoryError of its own: it says so where the system refuses.
        if isinstance(error, MemoryError) or "enough memory" in str(error):
            what, how = "the experiment needs too much memory", "Take less data, or fewer steps."
        else:
            what, how = f"the experiment broke: {error!r:.200}", "This is a defect of descentry."
        _tell(tab, id, write, what, "lab", how)
    finally:
        write(tab, frames.JSON, json.dumps({"done": id}).encode())


def _tell(tab: int, id: int, write: Write, what: str, where: str, how: str) -> None:
    said = {"what": what, "where": where, "how": how}
    write(tab, frames.JSON, json.dumps({"id": id, "error": said}).encode())


def main() -> None:
    """Serves until standard input ends."""
    source, sink = _own_streams()
    lock = threading.Lock()

    def write(tab: int, kind: int, body: bytes) -> None:
        with lock:
            sink.write(frames.frame(tab, kind, body))
            sink.flush()

    desk = Desk()
    threading.Thread(target=_listen, args=(source, desk), daemon=True).start()
    import torch

    torch.set_num_threads(1)  # tables of a few thousand numbers: threads would only get in each other's way
    _bound_memory()
    for scene in _entry.scenes().values():
        scene.read({})
    _warm()
    write(0, frames.JSON, json.dumps({"ready": True}).encode())
    while (taken := desk.take()) is not None:
        with contextlib.suppress(BrokenPipeError):
            answer(*taken, desk, write)


def _listen(source: IO[bytes], desk: Desk) -> None:
    while (head := source.read(frames.HEAD.size)) and len(head) == frames.HEAD.size:
        length, tab, _ = frames.HEAD.unpack(head)
        body = source.read(length)
        if len(body) < length:
            break
        desk.put(tab, json.loads(body))
    desk.close()
    os._exit(0)  # the server is gone: whatever is being computed, nobody will see it


def _own_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Standard input and output, with ``print`` of whatever code is run sent to standard error instead."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdin = open(os.devnull)  # noqa: SIM115 - for as long as the process lives
    return source, sink


def _bound_memory() -> None:
    """A limit on what may be asked of the system, where it knows limits."""
    try:
        import resource

        with open("/proc/self/statm") as stream:
            now = int(stream.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, now + MEMORY))
    except (ImportError, OSError, ValueError):
        return


def _warm() -> None:
    """The first step and the first story take seconds of imports; nobody should wait for them."""
    from descentry.web.lab.bench import Bench
    from descentry.web.lab.surfaces import bowl

    bench = Bench()
    problem = bench.surface(bowl(2.0))
    for descent in bench.descend(problem, "adam", [0.1, 0.2], 40):
        bench.explained(descent.loss[:, 0], {"lr": 0.1})
    bench.curvatures(problem)


if __name__ == "__main__":
    main()
