"""What the run folder costs: time a call, time a flush, bytes a point, and memory however long the run.

Each measurement of time is the median of several; the calls are made in a loop that does nothing else, so the
time of the thread that writes is in them. Memory is that of a process of its own.

    python -m benchmarks.store
    python -m benchmarks.store --calls 1000000      a tenth of the memory test
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import descentry
from descentry.store import reading
from descentry.store.writing import RunWriter

REPEATS = 5
POINTS = 1_000_000


def metrics(count: int) -> dict[str, float]:
    return {f"metric/{number}": 0.1 * number + 0.05 for number in range(count)}


def a_call(folder: Path, count: int, calls: int, *, in_memory: bool = False) -> float:
    """Microseconds a call of ``Recorder.log``."""
    values, took = metrics(count), []
    for repeat in range(REPEATS):
        with descentry.record(None if in_memory else folder / f"call-{count}-{repeat}") as recorder:
            start = time.perf_counter()
            for step in range(calls):
                recorder.log(step, values)
            took.append((time.perf_counter() - start) / calls * 1e6)
    return statistics.median(took)


def a_paced_call(folder: Path, count: int, calls: int = 2000) -> float:
    """Microseconds a call in a loop that computes for a millisecond in between, as a training would."""
    values, took = metrics(count), []
    work = np.zeros(1 << 20)  # 8 MiB: what it does leaves the processor's caches to nobody else
    with descentry.record(folder / f"paced-{count}") as recorder:
        for step in range(calls):
            until = time.perf_counter() + 1e-3
            while time.perf_counter() < until:
                work += 1
            start = time.perf_counter()
            recorder.log(step, values)
            took.append((time.perf_counter() - start) * 1e6)
    return statistics.median(took)


def a_flush(folder: Path, count: int) -> float:
    """Milliseconds of a flush of a thousand rows, which a thread does while the training goes on."""
    values, took = metrics(count), []
    writer = RunWriter.open(folder / f"flush-{count}")
    for start_step in range(0, 100_000, 1000):
        for step in range(start_step, start_step + 999):  # one short of what wakes the thread
            writer.add(step, values)
        start = time.perf_counter()
        writer.flush()
        took.append((time.perf_counter() - start) * 1e3)
    writer.close()
    return statistics.median(took)


def a_million(folder: Path, count: int, *, single: bool) -> tuple[float, float]:
    """MiB of the file of a million points, and seconds to read it."""
    dice = np.random.default_rng(0)
    rows = POINTS // count
    noise = np.exp(-np.arange(rows)[:, None] / rows * 3) * (1 + 0.1 * dice.standard_normal((rows, count)))
    table = noise.astype(np.float32).astype(np.float64) if single else noise
    times = 1.7e9 + np.cumsum(dice.exponential(0.02, rows))
    writer = RunWriter.open(folder / f"million-{count}-{single}")
    names = list(metrics(count))
    for step, (stamp, values) in enumerate(zip(times.tolist(), table.tolist(), strict=True)):
        writer.add(step, dict(zip(names, values, strict=True)), stamp)
    writer.close()
    size = (writer.folder / "run.sqlite").stat().st_size / 2**20
    start = time.perf_counter()
    stored = reading.read(writer.folder)
    took = time.perf_counter() - start
    assert all((stored.series[name].value == table[:, j]).all() for j, name in enumerate(names))
    return size, took


MEMORY = """
import resource, sys
from descentry.store.writing import RunWriter

calls, where = int(sys.argv[1]), sys.argv[2] or None
writer = RunWriter.open(where)
seen = []
for step in range(calls):
    writer.add(step, {"loss": step * 0.5, "lr": 0.1, "grad_norm": 1.0})
    if step % (calls // 100) == calls // 100 - 1:
        with open("/proc/self/statm") as statm:
            seen.append(int(statm.read().split()[1]) * resource.getpagesize() / 2**20)
writer.close()
dropped = [line for line in writer.snapshot().journal if line.kind == "gap"] if where else []
print(seen[0], max(seen[:10]), max(seen[10:]), len(dropped))
"""


def memory(calls: int, folder: Path | None) -> list[float]:
    """MiB of a process that logs: after 1% of the calls, at most in the first tenth, at most after it."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(calls), str(folder or "")],
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--calls", type=int, default=10_000_000, help="of the memory test (default: %(default)s)"
    )
    calls = parser.parse_args().calls
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("\nmetrics   log, loop  log, paced  log, memory    a value       flush of 1,000")
        for count in (1, 5, 20, 100):
            loop = a_call(folder, count, 200_000 // max(1, count // 5))
            kept = a_call(folder, count, 20_000, in_memory=True)
            paced = a_paced_call(folder, count)
            print(
                f"{count:7}   {loop:6.2f} µs   {paced:6.2f} µs    {kept:6.2f} µs   {loop / count:6.3f} µs"
                f"   {a_flush(folder, count):8.2f} ms"
            )
        print("\na million points          file      read in")
        for count in (1, 20):
            for single in (True, False):
                size, took = a_million(folder, count, single=single)
                kind = "single" if single else "double"
                print(f"{count:3} metrics, {kind}   {size:6.1f} MiB   {took:6.2f} s")
        if Path("/proc/self/statm").exists():
            print(f"\nmemory over {calls:,} calls of 3 metrics (MiB)   after 1%   first tenth   the rest")
            for where in ("disk", "memory"):
                first, warm, rest, dropped = memory(calls, folder / "long" if where == "disk" else None)
                print(f"{where:6}{'':42}{first:8.0f}      {warm:8.0f}   {rest:8.0f}   {dropped:.0f} dropped")


if __name__ == "__main__":
    main()
