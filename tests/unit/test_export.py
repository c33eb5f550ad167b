"""descentry export: where files go, what is not overwritten, and that other tools read them."""

import json
import sys

import numpy as np
import pytest

import descentry
from descentry import cli, readers
from descentry.core.errors import DescentryError, MissingExtraError, UnknownNameError
from descentry.export._files import export

STEPS = range(40)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A run folder and a CSV of two seeds, and an empty folder to be in."""
    with descentry.record(tmp_path / "runs" / "exp", config={"lr": 0.1}) as recorder:
        for step in STEPS:
            recorder.log(step, loss=1 / (step + 1) if step != 7 else float("nan"), lr=0.1)
    rows = [f"{seed},{step},{1 / (step + seed)}" for seed in (1, 2) for step in STEPS]
    (tmp_path / "seeds.csv").write_text("\n".join(["seed,step,loss", *rows]) + "\n")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def printed(capsys):
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("to", "written"),
    [
        ("csv", "exp.csv"),
        ("jsonl", "exp.jsonl"),
        ("parquet", "exp.parquet"),
        ("tensorboard", "exp-tensorboard"),
    ],
)
def test_a_run_folder_is_exported_and_reads_back(folder, capsys, to, written):
    if to == "parquet":
        pytest.importorskip("pyarrow")
    assert cli.main(["export", str(folder / "runs" / "exp"), "--to", to]) == 0
    assert printed(capsys) == [written]
    before, after = descentry.read(folder / "runs" / "exp"), descentry.read(written)
    for series in before.series:
        np.testing.assert_array_equal(after[series.name].step, series.step)
        np.testing.assert_array_equal(after[series.name].value, series.value)
        np.testing.assert_array_equal(after[series.name].time, series.time)
    assert [p.name for p in folder.joinpath("here").iterdir()] == [written]


@pytest.mark.parametrize(
    ("output", "reader"), [("out.jsonl", "jsonl"), ("deep/er/out.CSV", "csv"), ("out.dat", "csv")]
)
def test_the_ending_of_the_output_says_the_format(folder, output, reader):
    (path,) = export(folder / "runs" / "exp", output=output)
    assert str(path) == output
    assert descentry.read(output).reader == reader


def test_several_runs_become_several_files(folder, capsys):
    assert cli.main(["export", str(folder / "seeds.csv"), "-o", "tables"]) == 0
    assert printed(capsys) == ["tables/seed=1.csv", "tables/seed=2.csv"]
    assert descentry.read("tables/seed=2.csv")["loss"].value[0] == 0.5
    assert cli.main(["export", str(folder / "seeds.csv"), "--run", "seed=2", "-o", "two.csv"]) == 0
    assert descentry.read("two.csv")["loss"].value[0] == 0.5


def test_runs_of_one_name_do_not_overwrite_each_other(folder):
    for place in ("a", "b"):
        (folder / "logs" / place).mkdir(parents=True)
        (folder / "logs" / place / "train.csv").write_text("step,loss\n0,1\n1,0.5\n2,0.25\n")
    paths = export(folder / "logs", output="out")
    assert [p.name for p in paths] == ["train.csv", "train-2.csv"]


def test_several_runs_do_not_go_into_one_file(folder):
    (folder / "here" / "one.csv").write_text("mine")
    with pytest.raises(DescentryError, match="2 runs do not go into one file") as caught:
        export(folder / "seeds.csv", output="one.csv")
    assert "--run NAME" in str(caught.value)


def test_nothing_is_overwritten_unless_it_is_named(folder):
    (folder / "here" / "exp.csv").write_text("mine")
    with pytest.raises(DescentryError, match="it exists already"):
        export(folder / "runs" / "exp")
    assert (folder / "here" / "exp.csv").read_text() == "mine"
    export(folder / "runs" / "exp", output="exp.csv")
    assert len(descentry.read("exp.csv")["loss"]) == len(STEPS)


def test_a_log_folder_that_holds_something_is_not_added_to(folder):
    export(folder / "runs" / "exp", to="tensorboard", output="logs")
    with pytest.raises(DescentryError, match="it exists already"):
        export(folder / "runs" / "exp", to="tensorboard", output="logs")
    (folder / "here" / "empty").mkdir()
    export(folder / "runs" / "exp", to="tensorboard", output="empty")
    assert len(descentry.read("empty")["loss"]) == len(STEPS)


def test_the_source_is_never_overwritten(folder):
    before = (folder / "seeds.csv").read_bytes()
    with pytest.raises(DescentryError, match="this is what is to be exported"):
        export(folder / "seeds.csv", output=str(folder / "seeds.csv"), run="seed=1")
    with pytest.raises(DescentryError, match="this is what is to be exported"):
        export(folder / "runs" / "exp", to="tensorboard", output=str(folder / "runs" / "exp"))
    assert (folder / "seeds.csv").read_bytes() == before
    assert len(descentry.read(folder / "runs" / "exp")["loss"]) == len(STEPS)


def test_an_error_on_the_way_leaves_nothing_behind(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match="needs pyarrow"):
        export(folder / "runs" / "exp", to="parquet")
    (folder / "here" / "file").write_text("")
    with pytest.raises(DescentryError, match="cannot be written"):
        export(folder / "runs" / "exp", output="file/out.csv")
    assert [p.name for p in (folder / "here").iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--to", "cvs"], "Did you mean 'csv'?"),
        (["--run", "epx"], "Did you mean 'exp'?"),
        (["--format", "csv"], "there is no option --format"),
    ],
)
def test_mistakes_are_explained(folder, capsys, words, message):
    assert cli.main(["export", str(folder / "runs" / "exp"), *words]) == 2
    assert message in capsys.readouterr().err


def test_names_become_file_names(folder):
    (folder / "odd").mkdir()
    (folder / "odd" / "..a b:c*.csv").write_text("step,loss\n0,1\n1,0.5\n2,0.25\n")
    (path,) = export(folder / "odd" / "..a b:c*.csv")
    assert path.name == "a-b-c.csv"


def test_unknown_formats_are_listed():
    with pytest.raises(UnknownNameError) as caught:
        export("nowhere", to="xls")
    assert "csv, jsonl, parquet, tensorboard" in str(caught.value)


def test_json_lines_are_json_to_every_parser(folder):
    export(folder / "runs" / "exp", output="out.jsonl")

    def refuse(constant):
        raise AssertionError(constant)

    text = (folder / "here" / "out.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line, parse_constant=refuse) for line in text.splitlines()]
    assert lines[0]["config"] == {"lr": 0.1}
    assert lines[7]["loss"] == "NaN"
    assert descentry.read("out.jsonl").config == {"lr": 0.1}


def test_data_frames_read_the_table(folder):
    pandas = pytest.importorskip("pandas")
    export(folder / "runs" / "exp", output="out.csv")
    frame = pandas.read_csv("out.csv")
    assert list(frame.columns) == ["step", "time", "loss", "lr"]
    assert frame["loss"].isna().sum() == 1
    assert frame["loss"][3] == 0.25


def test_tensorboard_reads_the_events(folder):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing import event_accumulator, event_file_loader
    from tensorboard.util.tensor_util import make_ndarray

    export(folder / "runs" / "exp", to="tensorboard", output="logs")
    (path,) = (folder / "here" / "logs").iterdir()
    events = list(event_file_loader.EventFileLoader(str(path)).Load())
    assert events[0].file_version == "brain.Event:2"
    run = descentry.read(folder / "runs" / "exp")
    for tag, which in (("loss", 0), ("lr", 1)):
        found = [
            (e.step, e.wall_time, make_ndarray(e.summary.value[which].tensor).item()) for e in events[1:]
        ]
        assert {e.summary.value[which].tag for e in events[1:]} == {tag}
        np.testing.assert_array_equal(np.array(found).T, [run[tag].step, run[tag].time, run[tag].value])
    accumulator = event_accumulator.EventAccumulator(str(path), size_guidance={"tensors": 0})
    accumulator.Reload()
    assert set(accumulator.Tags()["tensors"]) == {"loss", "lr"}
    assert accumulator.SummaryMetadata("loss").plugin_data.plugin_name == "scalars"
    assert len(accumulator.Tensors("loss")) == len(STEPS)


def test_any_format_that_is_read_can_be_exported(tmp_path, monkeypatch):
    from descentry.core import catalog

    monkeypatch.chdir(tmp_path)
    rows = [(step, 1 / step) for step in range(1, 30)]
    for name in ("tensorboard-events", "nanogpt", "wandb-offline", "run-file"):
        place = tmp_path / name
        place.mkdir()
        source = catalog.entry("readers", name).write_sample(place, rows)
        (path,) = export(source, output=f"{name}.csv")
        (before,), (after,) = readers.read_all(source), readers.read_all(path)
        for series in before.series:
            np.testing.assert_array_equal(after[series.name].value, series.value)
