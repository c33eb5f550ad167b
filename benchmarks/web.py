"""What the browser's server costs: tiles of ten million points, points on their way, memory while it streams.

Everything is asked over HTTP and WebSocket from a real ``descentry board``, a process of its own.

    python -m benchmarks.web
    python -m benchmarks.web --only tiles live memory bytes
    python -m benchmarks.web --rate 100      the hour of points in six minutes, not in two
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import numpy as np
from websockets.sync.client import connect

from descentry.store.writing import RunWriter

POINTS = 10_000_000
HOUR = 36_000  # points at ten a second
COLUMNS = 1000


class Board:
    """``descentry board FOLDER``, and ways to ask it."""

    def __init__(self, folder: Path, command_name: str = "board") -> None:
        words = [command_name, str(folder), "--port", "0", "--no-browser"]
        command = [sys.executable, "-m", "descentry.cli", *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        found = re.search(r"http://\S+", self.process.stdout.readline())
        assert found
        parts = urlsplit(found[0])
        self.base, self.host = f"http://{parts.netloc}", parts.netloc
        self.head = {"Authorization": f"Bearer {parts.query.removeprefix('token=')}"}

    def get(self, path: str) -> bytes:
        """The answer; tried again until the server is there."""
        for _ in range(200):
            asked = Request(self.base + path, headers=self.head)
            with contextlib.suppress(OSError), urlopen(asked, timeout=600) as answer:
                data: bytes = answer.read()
                return data
            time.sleep(0.05)
        raise TimeoutError(path)

    def run(self) -> str:
        """The id of the one run, once it has been explained."""
        while True:
            listed = json.loads(self.get("/api/board/runs"))
            if listed["runs"]:
                return str(listed["runs"][0]["id"])
            time.sleep(0.05)

    def live(self) -> Any:
        """A WebSocket."""
        return connect(
            f"ws://{self.host}/api/board/live",
            origin=self.base,  # type: ignore[arg-type]
            additional_headers=self.head,
            compression=None,
            max_size=None,
        )

    def memory(self) -> tuple[float, float]:
        """MiB that the server has for itself, and its workers together; mapped files are not in it."""
        pids = {self.process.pid: _own(self.process.pid)}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(stat.read_text().rpartition(")")[2].split()[1]) == self.process.pid:
                    pids[int(stat.parent.name)] = _own(int(stat.parent.name))
        server = pids.pop(self.process.pid)
        return server, sum(pids.values())

    def stop(self) -> None:
        """Ends it."""
        self.process.terminate()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def _own(pid: int) -> float:
    found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


@contextlib.contextmanager
def board(folder: Path, command_name: str = "board") -> Iterator[Board]:
    server = Board(folder, command_name)
    try:
        yield server
    finally:
        server.stop()


def _shown(times: list[float]) -> str:
    return f"{1e3 * float(np.median(times)):8.1f} {1e3 * float(np.quantile(times, 0.95)):8.1f}"


def tiles(folder: Path, points: int) -> None:
    """Tiles of a long curve, at every zoom, on both axes."""
    rng = np.random.default_rng(0)
    loss = np.exp(-np.arange(points) / (points / 4)) + 0.1 * rng.standard_normal(points)
    where = np.sort(rng.choice(points, 12, replace=False))
    loss[where] += 50
    np.save(folder / "loss.npy", loss)
    with board(folder) as server:
        start = time.perf_counter()
        run = server.run()
        listed = time.perf_counter() - start
        start = time.perf_counter()
        key = json.loads(server.get(f"/api/board/runs/{run}"))["series"][0]["key"]
        print(f"a run of {points:,} points is in the list after {listed:.1f} s,", end=" ")
        print(f"and its page has it after {time.perf_counter() - start:.1f} s more\n")
        print("part of the curve      axis     tile: median and 95th percentile, ms")
        for part in (1.0, 0.1, 0.01, 0.0001):
            for scale in ("linear", "log"):
                took, size = [], 0
                for _ in range(20):
                    low = float(rng.uniform(0, 1 - part)) * points
                    address = f"/api/board/runs/{run}/tile?series={key}&low={low}&high={low + part * points}"
                    start = time.perf_counter()
                    size = len(server.get(f"{address}&columns={COLUMNS}&scale={scale}"))
                    took.append(time.perf_counter() - start)
                print(f"{part:<22} {scale:<8} {_shown(took)}    ({size / 1024:.0f} KiB)")
        kept = _spikes(server, f"/api/board/runs/{run}/tile?series={key}", where)
        print(f"\n{kept} of 12 spikes of one point are in the tile of all of it")
        own, workers = server.memory()
        print(
            f"memory: the server {own:.0f} MiB, its workers {workers:.0f} (the curve is {points >> 17} MiB)"
        )


def _spikes(server: Board, address: str, where: Any) -> int:
    data = server.get(f"{address}&columns={COLUMNS}")
    _, columns = unpack(data)
    at = np.searchsorted(columns["start"], where, side="right") - 1
    return int((columns["high"][at] > 25).sum())


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """A head and its columns."""
    length = int.from_bytes(data[:4], "little")
    head = json.loads(data[4 : 4 + length])
    at, columns = 4 + length, {}
    for name, count in head["columns"]:
        columns[name] = np.frombuffer(data, "<f8", count, at)
        at += 8 * count
    return head, columns


# Logs that are written while they are looked at: each gives a function that writes one step and flushes.
Write = Callable[[int, float], None]


@contextlib.contextmanager
def run_folder(folder: Path) -> Iterator[Write]:
    writer = RunWriter.open(folder / "exp1")

    def write(step: int, loss: float) -> None:
        writer.add(step, {"loss": loss, "lr": 0.1}, time.time())
        writer.flush()

    yield write
    writer.close()


def lines(name: str, line: str, head: str = "") -> Callable[[Path], contextlib.AbstractContextManager[Write]]:
    @contextlib.contextmanager
    def begin(folder: Path) -> Iterator[Write]:
        with (folder / name).open("w", encoding="utf-8") as stream:
            stream.write(head)

            def write(step: int, loss: float) -> None:
                stream.write(line.format(step=step, loss=loss))
                stream.flush()

            yield write

    return begin


LOGS = {
    "run folder": run_folder,
    "CSV": lines("a.csv", "{step},{loss},0.1\n", "step,loss,lr\n"),
    "JSON Lines": lines("a.jsonl", '{{"step": {step}, "loss": {loss}}}\n'),
    "text": lines("a.log", "INFO step {step} loss: {loss:.5f} lr: 0.1\n"),
}


def live(seconds: float) -> None:
    """From the flush to the page, at ten points a second."""
    print("log            points   flushed to page: median and 95th percentile, ms     longest")
    for name, begin in LOGS.items():
        with tempfile.TemporaryDirectory() as place:
            took = list(_followed(Path(place), begin, rate=10.0, count=int(10 * seconds))[0].values())
        print(f"{name:<14} {len(took):6} {_shown(took)} {1e3 * max(took):38.1f}")


def _followed(
    folder: Path,
    begin: Callable[[Path], contextlib.AbstractContextManager[Write]],
    *,
    rate: float,
    count: int,
    marks: int = 0,
) -> tuple[dict[int, float], list[tuple[int, float, float]]]:
    """Seconds from the call that flushes to the page for each step, and the memory at some of them."""
    rng = np.random.default_rng(0)
    first, written = 60, {}
    took: dict[int, float] = {}
    memory: list[tuple[int, float, float]] = []

    def listen(socket: Any) -> None:
        while first + count - 1 not in took:
            message = socket.recv(timeout=60)
            if isinstance(message, bytes):
                now = time.perf_counter()
                head, columns = unpack(message)
                place = next((i for i, s in enumerate(head["series"]) if s["key"] == "loss"), None)
                for step in columns.get(f"{place}.step", ()):
                    took.setdefault(int(step), now - written[int(step)])

    with begin(folder) as write:

        def put(step: int) -> None:
            written[step] = time.perf_counter()
            write(step, float(np.exp(-step / 5000) + 0.1 * rng.standard_normal()))

        for step in range(first):
            put(step)
        with board(folder) as server:
            run = server.run()
            with server.live() as socket:
                socket.send(json.dumps({"type": "list"}))
                socket.send(json.dumps({"type": "watch", "run": run}))
                while isinstance(text := socket.recv(), bytes) or json.loads(text)["type"] != "watching":
                    pass
                listener = threading.Thread(target=listen, args=(socket,))
                listener.start()
                began = time.perf_counter()
                for step in range(first, first + count):
                    time.sleep(max(0.0, began + (step - first) / rate - time.perf_counter()))
                    put(step)
                    if marks and (step - first + 1) % (count // marks) == 0:
                        memory.append((step - first + 1, *server.memory()))
                listener.join()
    return took, memory


def memory(rate: float) -> None:
    """An hour of ten points a second, faster: what the server has for itself on the way."""
    with tempfile.TemporaryDirectory() as place:
        took, marks = _followed(Path(place), run_folder, rate=rate, count=HOUR, marks=6)
    print(f"{HOUR:,} points of two metrics, one by one, {rate:g} a second\n")
    print("points        server, MiB   workers, MiB")
    for points, own, workers in marks:
        print(f"{points:<12,} {own:12.1f} {workers:14.1f}")
    values = list(took.values())
    print(f"\nflushed to page: {_shown(values)} ms; {len(values):,} points came")


def shipped() -> None:
    """What opening each page ships, packed: the page, its styles, its scripts and what those import."""
    with tempfile.TemporaryDirectory() as place, board(Path(place), "lab") as server:
        print("page           files   bytes      packed")
        for part in json.loads(server.get("/api/parts")):
            for page in part["pages"]:
                files = _needed(server, page)
                packed = sum(len(gzip.compress(data, 6)) for data in files.values())
                print(f"{page:<14} {len(files):5} {sum(map(len, files.values())):8,} {packed:10,}")


def _needed(server: Board, page: str) -> dict[str, bytes]:
    files = {page: server.get(page)}
    waiting = re.findall(r"""(?:src|href)=["'](/static/[^"']+)""", files[page].decode())
    while waiting:
        path = waiting.pop()
        if path in files:
            continue
        files[path] = server.get(path)
        if path.endswith(".js"):
            text = files[path].decode("utf-8", "replace")
            for other in re.findall(r"""(?:from|import)\s*\(?["'](\.{1,2}/[^"']+|/static/[^"']+)""", text):
                waiting.append(other if other[0] == "/" else os.path.normpath(f"{Path(path).parent}/{other}"))
    return files


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", default=["tiles", "live", "memory", "bytes"])
    parser.add_argument("--points", type=int, default=POINTS)
    parser.add_argument("--seconds", type=float, default=20.0, help="of following each log")
    parser.add_argument(
        "--rate", type=float, default=300.0, help="points a second of the hour that is streamed"
    )
    args = parser.parse_args()
    for name in args.only:
        print(f"\n## {name}\n")
        if name == "tiles":
            with tempfile.TemporaryDirectory() as place:
                tiles(Path(place), args.points)
        elif name == "live":
            live(args.seconds)
        elif name == "memory":
            memory(args.rate)
        elif name == "bytes":
            shipped()


if __name__ == "__main__":
    main()
