"""Resumed runs as they are read: one curve, the repeated part replaced, the seam noted."""

from descentry import readers
from descentry.store.writing import RunWriter


def launch(folder, steps, offset, *, every=10):
    writer = RunWriter.open(folder, resume=True)
    for step in steps:
        writer.add(step, {"loss": step + offset})
        if step % every == 0:
            writer.add(step, {"val/loss": step + offset})
    writer.close()


def resumes(run):
    return [(g.start, g.stop, g.count) for g in run.gaps if g.kind == "resume"]


def test_a_resume_that_goes_on_is_noted(tmp_path):
    launch(tmp_path, range(100), 0.0)
    launch(tmp_path, range(100, 200), 0.5)
    (run,) = readers.read_all(tmp_path)
    assert run["loss"].step.tolist() == list(range(200))
    assert run["loss"].value.tolist() == [step + 0.5 * (step >= 100) for step in range(200)]
    assert resumes(run) == [(100, 100, 1)]


def test_what_a_resume_repeats_replaces_what_was_before_in_every_metric(tmp_path):
    launch(tmp_path, range(108), 0.0)
    launch(tmp_path, range(55, 80), 0.5)  # dies before the next validation at 80
    (run,) = readers.read_all(tmp_path)
    assert run["loss"].step.tolist() == list(range(80))
    assert run["loss"].value[-1] == 79.5
    assert run["val/loss"].step.tolist() == [0, 10, 20, 30, 40, 50, 60, 70]
    assert run["val/loss"].value[-1] == 70.5
    assert resumes(run) == [(55, 107, 53 + 5)]


def test_a_resume_near_the_start_is_no_new_launch(tmp_path):
    launch(tmp_path, range(1000), 0.0)
    launch(tmp_path, range(3, 1000), 0.5)
    (run,) = readers.read_all(tmp_path)
    assert run["loss"].value[:4].tolist() == [0, 1, 2, 3.5]
    assert resumes(run)[0][0] == 3


def test_several_resumes_are_all_noted(tmp_path):
    launch(tmp_path, range(100), 0.0)
    launch(tmp_path, range(50, 120), 0.5)
    launch(tmp_path, range(110, 200), 0.25)
    (run,) = readers.read_all(tmp_path)
    assert run["loss"].value.tolist() == [
        s + (0.25 if s >= 110 else 0.5 if s >= 50 else 0) for s in range(200)
    ]
    assert [start for start, _, _ in resumes(run)] == [50, 110]


def test_a_start_from_the_beginning_is_a_run_of_its_own(tmp_path):
    launch(tmp_path, range(100), 0.0)
    launch(tmp_path, range(150), 0.5)
    first, second = readers.read_all(tmp_path)
    assert first["loss"].value.tolist() == list(range(100))
    assert second["loss"].value.tolist() == [step + 0.5 for step in range(150)]


def test_a_launch_that_logged_nothing_leaves_no_seam(tmp_path):
    launch(tmp_path, range(100), 0.0)
    launch(tmp_path, range(0), 0.0)
    (run,) = readers.read_all(tmp_path)
    assert resumes(run) == []
