"""Boards that end with the tests."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.web.conftest import Running

from descentry import record
from descentry.web.parts import Settings, make


@pytest.fixture
def site():
    """Starts boards that end with the test."""
    running = []

    def start(folder):
        running.append(Running(make(["board"], Settings(folder=folder))))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """A board of a few runs that do not change."""
    folder = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(0)
    n = 50_000
    loss = np.exp(-np.arange(n) / 5e3) + 0.05 * rng.normal(size=n)
    loss[[100, 20_000, 40_000]] = [9.0, np.nan, np.inf]
    with record(folder / "long", config={"batch_size": 32}) as recorder:
        for step in range(n):
            recorder.log(step, loss=loss[step], tokens=128.0 * step)
    (folder / "bad.csv").write_text("step,loss\n" + "".join(f"{s},{1.1**s}\n" for s in range(300)))
    (folder / "notes.txt").write_text("nothing to see here\n")
    for split in ("train", "validation"):
        (folder / "split" / split).mkdir(parents=True)
        text = "".join(f"{s},{2 / (s + 1)}\n" for s in range(200))
        (folder / "split" / split / "log.csv").write_text("step,loss\n" + text)
    server = Running(make(["board"], Settings(folder=folder)))
    server.loss, server.folder = loss, folder
    yield server
    server.stop()
