"""Decisions replayed: those of a pilot's own run, and those that a pilot would have made over any log."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from tests.unit.control._pilot_loops import Loop, broken
from torch.optim import lr_scheduler

from descentry import cli
from descentry.control import journal
from descentry.control.replay import replay
from descentry.core.data import Decision, Remedy


def faster(loop, at):
    def after(step):
        if step == at:
            loop.optimizer.param_groups[0]["lr"] *= 40

    return after


def scheduled(loop):
    schedule = lr_scheduler.CosineAnnealingLR(loop.optimizer, 250)
    return lambda step: schedule.step()


RUNS = {
    "a rate that is too high": (lambda loop: loop.train(220), {"rate": 30.0}),
    "a rate that is too low": (lambda loop: loop.train(220), {"rate": 1e-6, "total_steps": 220}),
    "a rate that is slow": (lambda loop: loop.train(250), {"rate": 0.01}),
    "a search that was asked for": (lambda loop: loop.train(200), {"search": True, "kind": "adam"}),
    "a bad batch": (lambda loop: loop.train(150, broken((120,))), {}),
    "a bad batch left out": (lambda loop: loop.train(150, broken((120, 121)), checked=True), {}),
    "a rate raised by hand": (lambda loop: loop.train(250, after=faster(loop, 140)), {}),
    "a schedule": (lambda loop: loop.train(250, broken((120,)), scheduled(loop)), {}),
    "data that break for good": (lambda loop: loop.train(150, broken(range(100, 150)), checked=True), {}),
    "giving up": (lambda loop: loop.train(150, broken(range(100, 150))), {"interventions": 2}),
    "nothing": (lambda loop: loop.train(120), {}),
}


@pytest.mark.parametrize("name", RUNS)
def test_the_decisions_of_a_live_run_replay_to_the_same_decisions(name, tmp_path):
    train, options = RUNS[name]
    loop = Loop(run_dir=tmp_path, name="a", **options)
    train(loop)
    decisions = [d for d in loop.pilot.decisions if d.policy != "advise"]
    loop.pilot.close()
    (again,) = replay(tmp_path / "a")
    assert again.same
    assert again.points == len(loop.losses)
    assert [(d.step, d.policy, d.because, d.remedy) for d in again.decisions] == [
        (d.step, d.policy, d.because, d.remedy) for d in decisions
    ]
    assert bool(decisions) == (name != "nothing")


def write(path, losses):
    path.write_text("step,loss\n" + "".join(f"{i},{x}\n" for i, x in enumerate(losses)), encoding="utf-8")
    return str(path)


def falling(n):
    return 3.0 * (1 + np.arange(n) / 20.0) ** -0.5 * (1 + 0.03 * np.random.default_rng(0).standard_normal(n))


def test_a_log_of_any_format_is_shown_what_a_pilot_would_have_done(tmp_path):
    losses = falling(400)
    losses[300:] *= 1.1 ** np.arange(100)
    (found,) = replay(write(tmp_path / "log.csv", losses))
    assert found.journal is None
    assert not found.same
    (decision,) = found.decisions
    assert decision.policy == "roll-back"
    assert decision.by == "replay"
    assert not decision.applied
    assert 300 < decision.step < 340
    assert decision.remedy.change["restore"] in (250, 300)
    assert "a third of the learning rate" in decision.because


@pytest.mark.parametrize(
    "losses",
    [falling(2000), np.concatenate([falling(300), [60.0], falling(600)[301:]])],
    ids=["a healthy fall", "a spike that recovers at once"],
)
def test_nothing_is_decided_where_nothing_is_wrong(losses, tmp_path):
    (found,) = replay(write(tmp_path / "log.csv", losses))
    assert found.decisions == ()


def test_the_command_prints_it_as_text_and_as_json(tmp_path, capsys):
    loop = Loop(run_dir=tmp_path, name="a").train(120, broken((110,)))
    loop.pilot.close()
    assert cli.main(["replay", str(tmp_path / "a")]) == 0
    out = capsys.readouterr().out
    assert out.startswith(
        "a: 1 decision over 120 losses, the same as its pilot made\n  step     110  bad-batch"
    )
    assert cli.main(["replay", str(tmp_path / "a"), "--json"]) == 0
    (data,) = json.loads(capsys.readouterr().out)
    assert data["same"] is True
    assert data["decisions"][0]["remedy"]["change"] == {"restore": 100}


def test_the_command_names_the_runs_that_there_are(tmp_path, capsys):
    log = write(tmp_path / "log.csv", falling(50))
    assert cli.main(["replay", log, "--run", "other"]) == cli.USER_ERROR
    assert "there is no run called 'other'" in capsys.readouterr().err


def test_a_decision_is_the_same_after_it_was_written_down_and_read():
    remedy = Remedy("roll-back", {"restore": 50, "lr_factor": 0.1}, "Back.", "It falls.", "automatic")
    numbers = {"loss": math.inf, "level": 2.0, "other": -math.inf}
    one = Decision(70, "roll-back", "It ran away.", remedy, numbers, by="pilot")
    assert journal.from_dict(json.loads(json.dumps(journal.to_dict(one), allow_nan=False))) == one
