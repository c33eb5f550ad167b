"""What a pilot does to trainings that go well, to trainings that go wrong, and from any starting rate.

    python -m benchmarks.pilot healthy      # the same trainings with a pilot and without
    python -m benchmarks.pilot nan          # a batch of NaN at step 400
    python -m benchmarks.pilot batch        # a batch whose inputs are ten thousand times too large
    python -m benchmarks.pilot rate         # the rate is multiplied by a hundred at step 400
    python -m benchmarks.pilot start        # starting rates of 1e-7 to 1e2
    python -m benchmarks.pilot streams      # what would be decided in 1,008 healthy trainings of streams.py
    python -m benchmarks.pilot cost         # what a call of `step` takes

Real data of scikit-learn, standardised, one hidden layer of 48; 800 steps (600 from a starting rate). Prints
each training in which something was decided, and a summary. A loss is the one on all of the data at the end.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import math
import statistics
import time

import torch
from sklearn import datasets
from torch import Tensor, nn

from benchmarks.streams import factor, load
from descentry.control._controller import Controller
from descentry.control._orders import Settings
from descentry.control.pilot import Pilot, pilot

TASKS = ("digits", "wine", "breast_cancer", "diabetes")
RATES = {"sgd": (0.01, 0.05), "adam": (0.001, 0.01)}
STEPS, AT = 800, 400
FLOOR = 1e-4


def data(task: str) -> tuple[Tensor, Tensor]:
    loaded = getattr(datasets, f"load_{task}")()
    x = torch.tensor(loaded.data, dtype=torch.float32)
    y = torch.tensor(loaded.target)
    if task == "diabetes":
        y = y.float()[:, None]
        y = (y - y.mean()) / y.std()
    return (x - x.mean(0)) / (x.std(0) + 1e-6), y


def train(
    task: str,
    kind: str,
    rate: float,
    batch: int,
    seed: int,
    event: str,
    piloted: bool,
    steps: int,
    **options: object,
) -> tuple[float, Pilot | None]:
    """The loss at the end on all of the data, and the pilot."""
    x, y = data(task)
    loss_of = nn.functional.mse_loss if y.is_floating_point() else nn.functional.cross_entropy
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(x.shape[1], 48), nn.ReLU(), nn.Linear(48, 1 if y.is_floating_point() else int(y.max()) + 1)
    )
    optimizer: torch.optim.Optimizer = (
        torch.optim.Adam(model.parameters(), lr=rate)
        if kind == "adam"
        else torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    )
    one = None
    if piloted:
        one = pilot(model, optimizer, run_dir=None, overhead=0, on_decision=lambda _: None, **options)  # type: ignore[arg-type]
    draws = torch.Generator().manual_seed(seed)
    for step in range(steps):
        rows = torch.randint(len(x), (batch,), generator=draws)
        inputs = x[rows]
        if step == AT:
            inputs = inputs * {"nan": math.nan, "batch": 1e4}.get(event, 1.0)
            for group in optimizer.param_groups:
                group["lr"] *= 100.0 if event == "rate" else 1.0
        optimizer.zero_grad()
        loss = loss_of(model(inputs), y[rows])
        loss.backward()
        optimizer.step()
        if one is not None:
            one.step(loss)
    if one is not None:
        assert not one._helm.failure, one._helm.failure
        one.close()
    with torch.no_grad():
        return float(loss_of(model(x), y)), one


def told(one: Pilot) -> str:
    return ", ".join(f"{d.step} {d.policy}" + ("" if d.applied else " (advice)") for d in one.decisions)


def beside(event: str, batches: tuple[int, ...], seeds: int) -> None:
    """Each training without a pilot and with one."""
    counts: collections.Counter[str] = collections.Counter()
    changed, both, broken = 0, [], [0, 0]
    every = list(itertools.product(TASKS, RATES, range(2), batches, range(seeds)))
    for task, kind, which, batch, seed in every:
        rate = RATES[kind][which]
        alone, _ = train(task, kind, rate, batch, seed, event, False, STEPS)
        flown, one = train(task, kind, rate, batch, seed, event, True, STEPS)
        assert one is not None
        broken[0] += not alone < 1e3
        broken[1] += not flown < 1e3
        if one.decisions:
            changed += 1
            counts.update(d.policy for d in one.decisions)
            print(
                f"{task} {kind} {rate:g} batch {batch} seed {seed}: {alone:.3g} -> {flown:.3g}: {told(one)}",
                flush=True,
            )
        if alone < 1e3 and flown < 1e3:
            both.append(math.log10((flown + FLOOR) / (alone + FLOOR)))
    print(f"{event}: {len(every)} trainings, something was decided in {changed}: {dict(counts)}")
    print(f"lost (NaN, or above 1000): {broken[0]} without, {broken[1]} with")
    mean, worst = (statistics.mean(both), max(both)) if both else (math.nan, math.nan)
    print(f"log10 of the ratio of losses where neither was: mean {mean:+.3f}, worst {worst:+.2f}")


def start(seeds: int) -> None:
    """From starting rates of 1e-7 to 1e2, on the digits, with the length stated."""
    for kind in RATES:
        for exponent in range(-7, 3):
            ends = [
                train("digits", kind, 10.0**exponent, 64, seed, "", piloted, 600, **more)[0]
                for piloted, more in (
                    (False, {}),
                    (True, {"total_steps": 600}),
                    (True, {"total_steps": 600, "search": True}),
                )
                for seed in range(seeds)
            ]
            parts = [ends[i * seeds : (i + 1) * seeds] for i in range(3)]
            shown = " | ".join(f"{statistics.median(p):9.3g} {max(p):9.3g}" for p in parts)
            print(f"{kind:4} 1e{exponent:+d} | alone, auto, search (median, worst): {shown}", flush=True)


def streams() -> None:
    """What would be decided in trainings to which nothing is done, by how high their rate is."""
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for s in (s for half in ("dev", "test") for s in load(half)):
        recipe = s.recipe
        if recipe.what != "healthy":
            continue
        controller = Controller(Settings(rate=1.0, room=64, acts=False))
        controller.begin()
        rates = factor(recipe, len(s.loss), -1) / recipe.rate
        for step, (loss, base) in enumerate(zip(s.loss.tolist(), rates.tolist(), strict=True)):
            controller.see(step, loss, base)
        count = counts[f"{recipe.schedule} at {recipe.rate:g} of its best rate, noise {recipe.noise:g}"]
        count["trainings"] += 1
        first = controller.decisions[0] if controller.decisions else None
        slow = first is not None and "fell by" in first.because and "no more slowly" in first.because
        count["nothing" if first is None else "slow" if slow else first.policy] += 1
    for what, count in counts.items():
        print(f"{what}: {dict(count)}")


def cost() -> None:
    """Microseconds of `step` while nothing happens, and of keeping a state."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    one = pilot(model, optimizer, run_dir=None, overhead=0, search=False, on_decision=lambda _: None)
    x, y = torch.randn(64, 64), torch.randint(10, (64,))
    losses = [float(3 * (1 + t / 200) ** -0.5) for t in range(20_000)]
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
    helm, began = one._helm, time.perf_counter()
    for step, loss in enumerate(losses):
        helm.stepped(step, loss)
    whole = time.perf_counter() - began
    began = time.perf_counter()
    for _ in range(200):
        helm._ring.keep("here")
    kept = (time.perf_counter() - began) / 200
    share = kept / one._helm.controller.settings.every
    print(f"a step: {1e6 * whole / len(losses):.1f} µs, of which keeping states {1e6 * share:.1f} µs")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=("healthy", "nan", "batch", "rate", "start", "streams", "cost"))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--batches", type=int, nargs="+", default=[8, 64])
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.part == "start":
        start(args.seeds)
    elif args.part == "streams":
        streams()
    elif args.part == "cost":
        cost()
    else:
        beside(args.part, tuple(args.batches), args.seeds)


if __name__ == "__main__":
    main()
