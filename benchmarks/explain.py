"""Times how fast a recorded run is explained, and measures in how much memory.

All ratios are of times measured side by side.

1. A Parquet file of ten million points (step int64, loss float64): the whole of ``descentry.explain`` beside
   only loading the two columns into arrays with pyarrow and with polars, in one process, taking turns, the
   best of several; and the peak memory of ``explain`` in its own process, beside the size of the two arrays.
2. A CSV file of ten thousand points through the command line: medians of processes that take turns, beside
   an interpreter that does nothing and one that imports numpy.
3. Event files, beside TensorBoard's reader: see ``event_files.py``, which is run as it is.

    python -m benchmarks.explain [--points 10000000] [--rounds 5] [--skip-events]

Needs pyarrow and polars, and tensorboard for the event files (all in the ``bench`` extra).
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent


def write_parquet(path: Path, points: int) -> None:
    """A loss that falls, with noise and a few spikes."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    step = np.arange(points, dtype=np.int64)
    loss = 0.5 + 2 * np.exp(-4 * step / points) + 0.05 * rng.normal(size=points)
    loss[rng.integers(points // 10, points, 3)] += 10
    pq.write_table(pa.table({"step": step, "loss": loss}), path)


def write_csv(path: Path, points: int) -> None:
    """The same curve in ten thousand lines, as a logger would write them."""
    import math
    import random

    draw = random.Random(0)
    lines = (f"{i},{0.5 + 2 * math.exp(-4 * i / points) + draw.gauss(0, 0.05):.6f}\n" for i in range(points))
    path.write_text("step,loss\n" + "".join(lines), encoding="utf-8")


def explain(path: Path) -> None:
    import descentry

    assert descentry.explain(path).main is not None


def load_pyarrow(path: Path) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    assert len(table["step"].to_numpy()) == len(table["loss"].to_numpy())


def load_polars(path: Path) -> None:
    import polars as pl

    frame = pl.read_parquet(path)
    assert len(frame["step"].to_numpy()) == len(frame["loss"].to_numpy())


def peak_bytes(path: Path, small: Path) -> int:
    """How far explaining ``path`` raises the peak memory of this process, once a small file was explained."""
    explain(small)
    unit = 1 if sys.platform == "darwin" else 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    explain(path)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit


def taking_turns(tasks: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Seconds of each task in each round; a first round, which warms the caches, is not counted."""
    times: list[list[float]] = [[] for _ in tasks]
    for done in range(rounds + 1):
        for task, taken in zip(tasks, times, strict=True):
            start = time.perf_counter()
            task()
            if done:
                taken.append(time.perf_counter() - start)
    return times


def _child(*words: str) -> str:
    # A process keeps the peak memory of the one that started it: the large arrays live in children only.
    command = [sys.executable, "-m", "benchmarks.explain", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent).stdout


def parquet(folder: Path, points: int, rounds: int) -> None:
    large, small = folder / "run.parquet", folder / "small.parquet"
    _child("--write", str(large), "--points", str(points))
    _child("--write", str(small), "--points", "1000")
    arrays = 16 * points
    peak = int(_child("--peak", str(large), str(small)))
    tasks = [lambda: explain(large), lambda: load_pyarrow(large), lambda: load_polars(large)]
    whole, arrow, polars = (min(taken) for taken in taking_turns(tasks, rounds))
    print(f"Parquet, {points:,} points, best of {rounds}:")
    print(f"  descentry.explain, whole   {whole * 1e3:8.0f} ms")
    print(f"  pyarrow, loading only      {arrow * 1e3:8.0f} ms   explain: {whole / arrow:.2f} times that")
    print(f"  polars, loading only       {polars * 1e3:8.0f} ms   explain: {whole / polars:.2f} times that")
    print(f"  the two arrays             {arrays / 1e6:8.0f} MB")
    print(f"  peak memory of explain     {peak / 1e6:8.0f} MB   {peak / arrays:.2f} times that")


def command_line(folder: Path, rounds: int) -> None:
    path = folder / "run.csv"
    write_csv(path, 10_000)
    # As pip leaves it: modules compiled, the command beside the interpreter.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"NO_COLOR": "1"}
    command = Path(sys.executable).with_name("descentry")

    def process(*words: str | Path) -> Callable[[], object]:
        return lambda: subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=environment)

    tasks = [
        process(sys.executable, "-c", "pass"),
        process(sys.executable, "-c", "import numpy"),
        process(command, "explain", path),
    ]
    tasks[-1]()  # compiles what is not compiled yet
    nothing, numpy, whole = (statistics.median(taken) for taken in taking_turns(tasks, rounds))
    print(f"Command line, CSV of 10,000 points, median of {rounds} processes:")
    beyond = (whole - nothing) * 1e3
    print(f"  python -c pass             {nothing * 1e3:8.1f} ms")
    print(f"  python -c 'import numpy'   {numpy * 1e3:8.1f} ms")
    print(f"  descentry explain run.csv  {whole * 1e3:8.1f} ms   {beyond:.1f} ms beyond the first")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--points", type=int, default=10_000_000, help="of the Parquet file")
    parser.add_argument(
        "--rounds", type=int, default=5, help="of loading and explaining; four times as many processes"
    )
    parser.add_argument("--skip-events", action="store_true", help="leave the event files out")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--peak", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write_parquet(options.write, options.points)
        return
    if options.peak:
        print(peak_bytes(*options.peak))
        return
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.machine()}")
    with tempfile.TemporaryDirectory() as folder:
        parquet(Path(folder), options.points, options.rounds)
        command_line(Path(folder), 4 * options.rounds)
    if not options.skip_events and (HERE / "event_files.py").exists():
        sys.stdout.flush()
        subprocess.run([sys.executable, str(HERE / "event_files.py")], check=True)


if __name__ == "__main__":
    main()
