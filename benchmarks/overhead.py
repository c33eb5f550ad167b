"""What watching costs: the time of a watched training over that of the same training, bare.

All arms train in one process and take turns of a few steps, in an order that is drawn anew each round, so
that whatever else the machine does meets them all alike. A run lasts some seconds of each arm's own time;
its ratio is that of the sums. Several runs, with models made anew, give a median and a spread. Beside the
wall time stands that of the processors, of all threads together, which is blind to other programs. Each
turn of ours is timed on a clock that stands still during the turns of others, so that the budget is a share
of the watched training alone. Everything is counted from the first step on: setting up, writing, and the
quarter of a second that a watch may spend in advance.

    python -m benchmarks.overhead
    python -m benchmarks.overhead --seconds 5 --runs 1 --nets mlp

Other tools take part where they are installed: TensorBoard's SummaryWriter and W&B offline (the loss of
each step), and Cockpit (economy), which is so much slower that it has short turns of its own. Cockpit wants
old packages; an environment that lies on top of ours leaves this one alone:

    python -m venv rivals
    echo "import site; site.addsitedir('$PWD/.venv/lib/python3.11/site-packages')" \
        > rivals/lib/python3.11/site-packages/ours.pth
    rivals/bin/pip install 'setuptools<81' tensorboard wandb json-tricks matplotlib seaborn einops unfoldNd
    rivals/bin/pip install --no-deps cockpit-for-pytorch backpack-for-pytorch
    rivals/bin/python -m benchmarks.overhead
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks._rivals import OTHERS, OURS, Bare, Batch, Cockpit, installed

TURN = 0.1  # seconds, about
BATCHES = 32


class Transformer(nn.Module):
    """Two layers that read characters."""

    def __init__(self, letters: int = 96, width: int = 128, context: int = 64) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(letters, width), nn.Embedding(context, width)
        layer = nn.TransformerEncoderLayer(
            width, 4, 4 * width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, letters)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of the next letter, classes in the second dimension."""
        h = self.layers(self.letters(x) + self.places(torch.arange(x.shape[1], device=x.device)))
        return self.head(h).transpose(1, 2)


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(784, 880), nn.ReLU(), nn.Linear(880, 350), nn.ReLU(), nn.Linear(350, 10))


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(2048, 10),
    )


def images(*shape: int) -> Callable[[], Batch]:
    return lambda: (torch.randn(64, *shape), torch.randint(10, (64,)))


def letters() -> Batch:
    text = torch.randint(96, (16, 65))
    return text[:, :-1].contiguous(), text[:, 1:].contiguous()


NETS: dict[str, tuple[Callable[[], nn.Module], Callable[[], Batch]]] = {
    "mlp": (mlp, images(784)),
    "cnn": (cnn, images(3, 32, 32)),
    "transformer": (Transformer, letters),
}


@dataclass
class Times:
    """Seconds of one arm's turns."""

    wall: float = 0.0
    processors: float = 0.0
    turns: list[float] = field(default_factory=list)


def timed(arm: Bare, batches: list[Batch], times: Times, wait: Callable[[], None]) -> None:
    wall, processors = time.perf_counter(), time.process_time()
    arm.turn(batches)
    wait()
    times.turns.append(time.perf_counter() - wall)
    times.wall += times.turns[-1]
    times.processors += time.process_time() - processors


def run(net: str, kinds: list[type[Bare]], seconds: float, device: str, seed: int) -> dict[str, Times]:
    """The times of each arm, which take turns until each has had its seconds."""
    make, draw = NETS[net]
    torch.manual_seed(seed)
    batches = [tuple(t.to(device) for t in draw()) for _ in range(BATCHES)]
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        arms, times = {}, {}
        for kind in kinds:
            folder = Path(name) / kind.__name__
            folder.mkdir()
            clock = time.perf_counter(), time.process_time()
            arms[kind.name] = kind(lambda: make().to(device), folder)
            times[kind.name] = Times(time.perf_counter() - clock[0], time.process_time() - clock[1])
        scratch = Bare(lambda: make().to(device), Path(name))
        scratch.turn(batches[:4])  # the first steps ever load what PyTorch loads when it is used
        wait()
        start = time.perf_counter()
        scratch.turn(batches[:8])
        wait()
        count = max(1, min(BATCHES, round(TURN / ((time.perf_counter() - start) / 8))))
        gc.collect()
        while times[Bare.name].wall < seconds:
            for name_ in dice.sample(list(arms), len(arms)):
                timed(arms[name_], dice.sample(batches, count), times[name_], wait)
        for name_, arm in arms.items():
            clock = time.perf_counter(), time.process_time()
            arm.end()
            times[name_].wall += time.perf_counter() - clock[0]
            times[name_].processors += time.process_time() - clock[1]
    return times


def summary(values: list[float]) -> str:
    return f"{statistics.median(values):7.4f}  ({min(values):.4f} to {max(values):.4f})"


def compare(net: str, kinds: list[type[Bare]], seconds: float, runs: int, device: str) -> None:
    found = [run(net, kinds, seconds, device, seed) for seed in range(runs)]
    turns = [t for times in found for t in times[Bare.name].turns]
    parameters = sum(p.numel() for p in NETS[net][0]().parameters())
    steps = len(turns)
    print(
        f"\n{net} on {device}: {parameters:,} parameters; {runs} runs of {seconds:g} s an arm, {steps} turns"
    )
    print(f"  {'':20} {'wall time over bare':32} {'processor time over bare':32} median turn over bare")
    for kind in kinds:
        if kind is Bare:
            continue
        wall = [t[kind.name].wall / t[Bare.name].wall for t in found]
        processors = [t[kind.name].processors / t[Bare.name].processors for t in found]
        pairs = [
            statistics.median(a / b for a, b in zip(t[kind.name].turns, t[Bare.name].turns, strict=True))
            for t in found
        ]
        print(f"  {kind.name:20} {summary(wall):32} {summary(processors):32} {statistics.median(pairs):.4f}")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30, help="of each arm (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="with models made anew (default: %(default)s)")
    parser.add_argument("--nets", nargs="+", default=list(NETS), choices=list(NETS))
    parser.add_argument("--alone", action="store_true", help="leave the tools of others out")
    args = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    # Begins and ends each once, so that nobody's imports are counted.
    kinds = [k for k in (Bare, *OURS, *(() if args.alone else OTHERS)) if installed(k)]
    load = os.getloadavg()[0]
    print(
        f"Python {sys.version.split()[0]}, torch {torch.__version__}, {os.cpu_count()} cores, load {load:.1f}"
    )
    for device in ("cpu", *(["cuda"] if torch.cuda.is_available() else [])):
        for net in args.nets:
            compare(net, kinds, args.seconds, args.runs, device)
            if not args.alone and net != "transformer" and installed(Cockpit):
                compare(net, [Bare, Cockpit], 1.0, 1, device)


if __name__ == "__main__":
    main()
