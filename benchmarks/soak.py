"""Ten million steps: whether memory stays what it was, and how many steps a second there are.

Each row is a process of its own, with a run folder on the disk or in memory only, that notes how much memory
it holds after each hundredth of the steps.

- `trained`: a network of two weights: forward, backward, an update and a call of `watch.step`, at the default
  budget; a twentieth of the steps. The first row is the same, not watched.
- `watch`: calls of `watch.step` with a loss, in a loop that does nothing else but train once in a thousand
  calls; all of the steps. The optimizer is one without hooks, so that a step costs next to nothing.
- `record`: calls of `Recorder.log` with three metrics in a loop that does nothing else; all of the steps.

    python -m benchmarks.soak
    python -m benchmarks.soak --steps 1000000        a tenth of it
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

LOOP = """
import resource, sys, time
what, steps, where = sys.argv[1], int(sys.argv[2]), sys.argv[3] or None

if what != "record":
    import torch
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = torch.nn.Linear(1, 1)
    x, y = torch.randn(16, 1), torch.randn(16, 1)
    loss_fn = torch.nn.MSELoss()
import descentry

class Plain:
    def __init__(self, parameters):
        self.param_groups = [{"params": list(parameters), "lr": 1e-3}]

    def zero_grad(self):
        for p in self.param_groups[0]["params"]:
            p.grad = None

    def step(self):
        for p in self.param_groups[0]["params"]:
            p.data.add_(p.grad, alpha=-1e-3)

if what != "record":
    plain = what == "watch"
    optimizer = Plain(model.parameters()) if plain else torch.optim.SGD(model.parameters(), lr=1e-3)
if what == "record":
    watch = descentry.record(where)
elif what != "bare":
    watch = descentry.watch(model, optimizer, loss_fn=loss_fn, run_dir=where)

def loss_of_a_step():
    optimizer.zero_grad()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss

def block(first, count):
    if what == "record":
        for step in range(first, first + count):
            watch.log(step, loss=step * 0.5, lr=0.1, grad_norm=1.0)
    elif what == "watch":
        for step in range(first, first + count):
            if step % 1000 == 0:
                loss = loss_of_a_step()
            watch.step(loss)
    elif what == "trained":
        for step in range(count):
            watch.step(loss_of_a_step())
    else:
        for step in range(count):
            loss_of_a_step()

held, rates = [], []
size = steps // 100
for part in range(100):
    start = time.perf_counter()
    block(part * size, size)
    rates.append(size / (time.perf_counter() - start))
    with open("/proc/self/statm") as statm:
        held.append(int(statm.read().split()[1]) * resource.getpagesize() / 2**20)
if what != "bare":
    watch.close()
rates.sort()
print(held[0], held[9], max(held[:50]), max(held[50:]), rates[50])
"""


def soak(what: str, steps: int, folder: Path | None) -> list[float]:
    """MiB after 1% and 10% of the steps, at most in either half, and the median of the steps a second."""
    words = [sys.executable, "-c", LOOP, what, str(steps), str(folder or "")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=10_000_000, help="(default: %(default)s)")
    steps = parser.parse_args().steps
    print(
        f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f};"
        f" {steps:,} steps"
    )
    print(
        f"{'':24} {'after 1%':>10} {'after 10%':>10} {'first half':>11} {'second half':>12}"
        f" {'steps a second':>16}"
    )
    with tempfile.TemporaryDirectory() as name:
        for what, where, part in (
            ("bare", "", 20),
            ("trained", "disk", 20),
            ("watch", "disk", 1),
            ("watch", "memory", 1),
            ("record", "disk", 1),
            ("record", "memory", 1),
        ):
            folder = Path(name) / f"{what}-{where}" if where == "disk" else None
            first, tenth, half, rest, rate = soak(what, steps // part, folder)
            print(
                f"{f'{what}, {where}' if where else 'not watched':24} {first:6.0f} MiB {tenth:6.0f} MiB"
                f" {half:7.0f} MiB {rest:8.0f} MiB {rate:16,.0f}"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
