"""descentry.record: takes whatever a training loop has, tells its story, and never disturbs it."""

import threading
import warnings

import numpy as np
import pytest

import descentry
from descentry.core.errors import UnknownNameError
from descentry.store import _memory


@pytest.fixture(params=["folder", "memory"])
def recorder(request, tmp_path):
    with descentry.record(tmp_path / "exp" if request.param == "folder" else None) as opened:
        yield opened


def test_what_was_logged_is_the_run(recorder):
    recorder.log(0, loss=2.5, lr=0.1)
    recorder.log(1, {"train/loss": 1.5, "lr": 0.05})
    recorder.log(2, {"lr": 0.01}, loss=float("nan"))
    recorder.log(3)
    run = recorder.run()
    assert {s.name: s.step.tolist() for s in run.series} == {
        "loss": [0, 2],
        "lr": [0, 1, 2],
        "train/loss": [1],
    }
    np.testing.assert_array_equal(run["loss"].value, [2.5, np.nan])
    assert run["lr"].value.tolist() == [0.1, 0.05, 0.01]
    assert run["lr"].time is not None
    assert run.gaps == ()


def test_the_story_can_be_told_at_any_time(recorder):
    assert recorder.explain().verdict == "not examined"
    for step in range(300):
        recorder.log(step, loss=2 / (1 + step))
    assert recorder.explain().verdict == "healthy"
    for step in range(300, 600):
        recorder.log(step, loss=1e3 * 1.1 ** (step - 300))
    report = recorder.explain()
    assert report.verdict == "failing"
    assert report.run["loss"].step[-1] == 599
    recorder.close()
    assert recorder.explain().headline == report.headline


def test_the_metric_to_explain_can_be_named(recorder):
    for step in range(100):
        recorder.log(step, loss=1 / (step + 1), reward=step)
    assert recorder.explain(metric="reward").main.name == "reward"
    with pytest.raises(UnknownNameError, match="rewrad"):
        recorder.explain(metric="rewrad")


def test_a_folder_tells_the_same_story_as_the_recorder(tmp_path):
    with descentry.record(tmp_path / "exp", config={"lr": 0.1}) as recorder:
        for step in range(200):
            recorder.log(step, loss=2 / (1 + step))
        told = recorder.explain()
    read = descentry.explain(tmp_path / "exp")
    assert (told.headline, told.run.name, told.run.config) == (read.headline, "exp", {"lr": 0.1})
    assert read.run.gaps == ()


def test_where_the_steps_start_over_the_last_launch_is_told(recorder):
    for offset in (5.0, 1.0):
        for step in range(100):
            recorder.log(step, loss=offset + 1 / (step + 1))
    assert recorder.explain().main.value.max() == 2.0


def test_tensors_are_numbers_if_they_hold_one(recorder):
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recorder.log(
            torch.tensor(3),
            loss=torch.tensor(0.5, requires_grad=True),
            half=torch.tensor([0.25], dtype=torch.float16),
        )
    recorder.log(np.int64(4), {"loss": np.float32(0.5), "half": np.array(0.25)})
    run = recorder.run()
    assert run["loss"].step.tolist() == run["half"].step.tolist() == [3, 4]
    assert run["loss"].value.tolist() == [0.5, 0.5]
    assert run["half"].value.tolist() == [0.25, 0.25]
    with pytest.warns(RuntimeWarning, match="'grid' is no number but a Tensor of shape"):
        recorder.log(5, grid=torch.ones(2))


class Broken:
    def __float__(self):
        raise RuntimeError("the device is gone")

    def __repr__(self):
        raise RuntimeError("as is its name")


@pytest.mark.parametrize(
    "value", ["0.5", b"1", None, [1.0], {}, 1j, object(), Broken(), np.ones(2), lambda: 1]
)
def test_a_value_that_is_no_number_never_reaches_the_loop(recorder, value):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in range(20):
            recorder.log(step, loss=1.0, odd=value)
    (said,) = caught
    assert "'odd'" in str(said.message)
    assert [s.name for s in recorder.run().series] == ["loss"]
    assert len(recorder.run()["loss"]) == 20


@pytest.mark.parametrize("step", ["1", None, 1.5, float("nan"), Broken()])
def test_a_step_that_is_none_never_reaches_the_loop(recorder, step):
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        recorder.log(step, loss=1.0)
    recorder.log(2.0, loss=1.0)
    assert recorder.run()["loss"].step.tolist() == [2]


@pytest.mark.parametrize("values", [3.0, "loss", [("loss", 1.0)]])
def test_metrics_that_are_no_mapping_never_reach_the_loop(recorder, values):
    with pytest.warns(RuntimeWarning, match="metrics by name"):
        recorder.log(1, values)


def test_names_that_are_no_text_become_text(recorder):
    recorder.log(1, {0: 0.5, ("val", "loss"): 0.25})
    assert {s.name for s in recorder.run().series} == {"0", "('val', 'loss')"}


def test_metrics_may_be_called_step_or_values(recorder):
    recorder.log(7, step=3, values=4, self=5)
    assert {s.name: s.value.tolist() for s in recorder.run().series} == {
        "step": [3],
        "values": [4],
        "self": [5],
    }


def test_an_error_in_the_block_goes_on_and_is_noted(tmp_path):
    def training():
        with descentry.record(tmp_path / "exp") as recorder:
            recorder.log(1, loss=0.5)
            raise ZeroDivisionError("a batch of none")

    with pytest.raises(ZeroDivisionError):
        training()
    (gap,) = descentry.read(tmp_path / "exp").gaps
    assert gap.what == "the run ended with ZeroDivisionError: a batch of none"


def test_a_forgotten_recorder_closes_itself(tmp_path):
    descentry.record(tmp_path / "exp").log(1, loss=0.5)
    assert descentry.read(tmp_path / "exp").gaps == ()
    for thread in threading.enumerate():
        if thread.name == "descentry-writer":
            thread.join(60)
            assert not thread.is_alive()


def test_runs_have_folders_of_their_own(tmp_path):
    with descentry.record(tmp_path / "exp") as first, descentry.record(tmp_path / "exp") as second:
        assert (first.folder, second.folder) == (tmp_path / "exp", tmp_path / "exp-2")
    with descentry.record(tmp_path, name="other") as third:
        assert third.folder == tmp_path / "other"
    assert descentry.record(None).folder is None


def test_a_resume_goes_on_in_the_same_folder(tmp_path):
    for start in (0, 60):
        with descentry.record(tmp_path / "exp", resume=True) as recorder:
            for step in range(start, start + 100):
                recorder.log(step, loss=1 / (step + 1))
    run = descentry.read(tmp_path / "exp")
    assert run["loss"].step.tolist() == list(range(160))
    assert [(g.kind, g.start, g.count) for g in run.gaps] == [("resume", 60, 40)]


def test_notes_are_kept(tmp_path):
    from descentry.store import reading

    with descentry.record(tmp_path / "exp") as recorder:
        recorder.note("changed the data", step=7)
    (line,) = reading.read(tmp_path / "exp").journal
    assert (line.kind, line.step, line.data) == ("note", 7, "changed the data")


def test_memory_is_thinned_and_the_report_says_so(monkeypatch):
    monkeypatch.setattr(_memory.Memory.__init__, "__defaults__", (100_000,))
    with descentry.record(None) as recorder:
        for step in range(50_000):
            recorder.log(step, loss=1 / (step + 1))
        report = recorder.explain()
    assert len(report.main) < 5000
    assert len(set(np.diff(report.main.step[:-1]).tolist())) == 1
    assert [g.kind for g in report.run.gaps] == ["thinned"]
    assert "in memory only" in str(report)
