"""What is read in a folder, and what is passed over."""

from __future__ import annotations

import json

import pytest

from descentry import readers
from descentry.core import catalog
from descentry.core.errors import DescentryError

EVENTS = catalog.entry("readers", "tensorboard-events")
WANDB = catalog.entry("readers", "wandb-offline")


def checkpoint(folder, steps):
    history = [{"step": s, "loss": 2.0 / s, "epoch": s / 10} for s in range(1, steps + 1)]
    folder.mkdir(parents=True)
    (folder / "trainer_state.json").write_text(json.dumps({"global_step": steps, "log_history": history}))


def test_checkpoints_that_repeat_the_log_so_far_are_one_run(tmp_path):
    for steps in (10, 20, 30):
        checkpoint(tmp_path / f"checkpoint-{steps}", steps)
    run = readers.read(tmp_path)
    assert len(run["loss"]) == 30


def test_runs_that_differ_are_kept(tmp_path):
    (tmp_path / "a.csv").write_text("step,loss\n" + "".join(f"{i},{2 / (i + 1)}\n" for i in range(20)))
    (tmp_path / "b.csv").write_text("step,loss\n" + "".join(f"{i},{3 / (i + 1)}\n" for i in range(30)))
    assert [run.name for run in readers.read_all(tmp_path)] == ["a", "b"]


def test_notes_settings_and_data_are_passed_over(tmp_path):
    (tmp_path / "log.csv").write_text("step,loss\n" + "".join(f"{i},{2 / (i + 1)}\n" for i in range(20)))
    (tmp_path / "README.md").write_text("loss: 0.1\nloss: 0.2\nloss: 0.3\n")
    (tmp_path / "config.yaml").write_text("loss: 0.5\nlr: 0.1\n")
    (tmp_path / "data.csv").write_text("age,height\n" + "".join(f"{i},{i * 2}\n" for i in range(20)))
    (tmp_path / ".hidden.csv").write_text("step,loss\n1,2\n2,1\n")
    assert len(readers.read_all(tmp_path)) == 1


def test_what_cannot_be_read_is_noted(tmp_path):
    (tmp_path / "good.csv").write_text("step,loss\n" + "".join(f"{i},{2 / (i + 1)}\n" for i in range(20)))
    (tmp_path / "trainer_state.json").write_text('{"log_history": [{"loss": 1.0, "st')
    (run,) = readers.read_all(tmp_path)
    assert any(gap.kind == "unreadable-file" and "trainer_state.json" in gap.what for gap in run.gaps)


def test_an_empty_folder_says_what_is_missing(tmp_path):
    with pytest.raises(DescentryError, match="no log of a training run"):
        readers.read_all(tmp_path)


def test_train_and_validation_folders_are_one_run(tmp_path):
    rows = [(step, 2.0 / (step + 1)) for step in range(20)]
    for split, worse in (("train", 0.0), ("validation", 0.1)):
        (tmp_path / "exp" / split).mkdir(parents=True)
        EVENTS.write_sample(tmp_path / "exp" / split, [(step, loss + worse) for step, loss in rows])
    run = readers.read(tmp_path)
    assert run.name == "exp"
    assert {series.split for series in run.series} == {"train", "validation"}
    assert all(len(series) == 20 for series in run.series)


def test_the_console_output_beside_an_offline_run_is_not_a_second_run(tmp_path):
    WANDB.write_sample(tmp_path, [(step, 2.0 / (step + 1)) for step in range(20)])
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "output.log").write_text("step 1 loss: 2.0\nstep 2 loss: 1.0\nstep 3 loss: 0.5\n")
    assert len(readers.read_all(tmp_path)) == 1
