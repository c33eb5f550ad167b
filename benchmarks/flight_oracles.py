"""Searches the oracle schedules of the flight simulator, and checks what they miss on other seeds.

    python -m benchmarks.flight_oracles            # searches every level anew, writes oracles.json
    python -m benchmarks.flight_oracles --check 3  # full searches on other seeds beside the stored six

The search takes about four minutes on two cores, most of it for the transformer.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import torch

from descentry.web.flight import oracle
from descentry.web.flight._level import Level, levels
from descentry.web.flight.scoring import regret
from descentry.web.flight.searched import SEED
from descentry.web.flight.world import World

HOME = Path(oracle.__file__).with_name("oracles.json")


def searched(level: Level, seed: int) -> list[dict[str, object]]:
    found = [(s, f) for s, f in oracle.search(level, seed) if math.isfinite(f)]
    found.sort(key=lambda pair: pair[1])
    kept = found[: oracle.KEPT]
    if not any(s.shape == "constant" for s, _ in kept):
        kept[-1] = next(pair for pair in found if pair[0].shape == "constant")
    return [{"shape": s.shape, "rate": s.rate, "final": float(f"{f:.6g}")} for s, f in kept]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", type=int, default=0, metavar="SEEDS")
    parser.add_argument("--levels", nargs="*", default=list(levels()))
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.check:
        check(options.levels, options.check)
        return
    stored = json.loads(HOME.read_text())["levels"] if HOME.exists() else {}
    for name in options.levels:
        start = time.perf_counter()
        level = levels()[name]
        schedules = searched(level, SEED)
        initial = World(level, SEED).initial
        stored[name] = {"initial": float(f"{initial:.6g}"), "schedules": schedules}
        text = {"made by": "python -m benchmarks.flight_oracles", "seed": SEED, "levels": stored}
        HOME.write_text(json.dumps(text, indent=1) + "\n")
        print(f"{name:14} {time.perf_counter() - start:5.0f} s  {schedules[0]}", flush=True)


def check(names: list[str], seeds: int) -> None:
    for name in names:
        level = levels()[name]
        for seed in range(SEED + 1, SEED + 1 + seeds):
            best = min(f for _, f in oracle.search(level, seed) if math.isfinite(f))
            raced = list(oracle.race(level, seed))[-1]
            assert raced is not None
            missed = regret(raced.best.final, best, World(level, seed).initial)
            print(f"{name:14} seed {seed}: regret {missed:+.3f} of the raced oracle", flush=True)


if __name__ == "__main__":
    main()
