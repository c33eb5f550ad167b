"""From drafts to runs: steps, launches, resumes, repeated points, on tracks as readers make them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from descentry.core.errors import UnknownNameError
from descentry.readers._assemble import assemble, stem_of
from descentry.readers._draft import Collector, Draft, Track
from descentry.readers._joining import concatenate


def track(name, values, *, step=None, row=None, time=None, blanks=None):
    def whole(numbers):
        return None if numbers is None else np.array(numbers, dtype=np.int64)

    values = np.array(values, dtype=np.float64)
    time = None if time is None else np.array(time, dtype=np.float64)
    return Track(name, values, whole(row), whole(step), time, whole(blanks))


def runs_of(*tracks, step=None, **about):
    return assemble([Draft(list(tracks), **about)], source="log", stem="stem", reader="test", step=step)


def run_of(*tracks, step=None, **about):
    (run,) = runs_of(*tracks, step=step, **about)
    return run


def kinds(run):
    return [gap.kind for gap in run.gaps]


def steps(run, name="loss"):
    return run[name].step.tolist()


def values(run, name="loss"):
    return run[name].value.tolist()


def test_steps_of_the_format_are_taken_as_they_are():
    run = run_of(
        track("loss", [3, 2, 1], step=[10, 20, 30], time=[1.5, 2.5, 3.5]),
        track("epoch", [0, 1, 2], step=[10, 20, 30]),
        name="mine",
        config={"lr": 0.1},
        step_name="update",
    )
    assert (steps(run), values(run)) == ([10, 20, 30], [3, 2, 1])
    assert run["loss"].time.tolist() == [1.5, 2.5, 3.5]
    assert (run["loss"].step_name, run.name, run.reader, run.config) == (
        "update",
        "mine",
        "test",
        {"lr": 0.1},
    )
    assert run.gaps == ()
    assert "epoch" in [s.name for s in run.series]


def test_each_draft_is_a_run_named_by_itself_or_the_file():
    drafts = [Draft([track("loss", [1, 2], step=[0, 1])], name=name) for name in ("a", "")]
    found = assemble(drafts, source="log", stem="stem", reader="test")
    assert [run.name for run in found] == ["a", "stem"]


def test_metrics_without_points_and_empty_drafts():
    run = run_of(track("loss", [1.0], step=[5]), track("accuracy", []))
    assert [s.name for s in run.series] == ["loss"]
    assert run_of().series == ()


class TestFindingTheStep:
    def test_the_best_name_wins_and_is_no_metric_any_more(self):
        run = run_of(track("epoch", [0, 0, 1]), track("loss", [3, 2, 1]), track("Global Step", [5, 10, 15]))
        assert steps(run) == [5, 10, 15]
        assert run["loss"].step_name == "Global Step"
        assert {s.name for s in run.series} == {"epoch", "loss"}
        assert run.gaps == ()

    @pytest.mark.parametrize(
        ("name", "counter"),
        [
            ("step", [0.5, 1.5, 2.5]),  # no whole numbers
            ("step", [7.0, 7.0, 7.0]),  # never moves
            ("step", [np.nan, np.nan, 3.0]),  # missing more often than not
            ("step", [1e300, 2e300, 3e300]),  # beyond any count
            ("stepsize", [1, 2, 3]),  # no counter by its name
        ],
    )
    def test_what_is_no_count_is_not_counted_by(self, name, counter):
        run = run_of(track(name, counter), track("loss", [3, 2, 1]))
        assert steps(run) == [0, 1, 2]
        assert run["loss"].step_name == "row"
        assert kinds(run) == ["no-step"]

    def test_a_batch_counter_inside_the_epoch_is_passed_over(self):
        run = run_of(
            track("batch", [0, 1, 2] * 4),
            track("epoch", np.repeat(range(4), 3)),
            track("loss", range(12, 0, -1)),
        )
        assert run["loss"].step_name == "epoch"
        assert steps(run) == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
        assert values(run) == list(range(12, 0, -1))

    def test_a_counter_that_starts_over_once_is_a_new_launch_and_not_a_batch(self):
        found = runs_of(
            track("step", [0, 1, 2, 0, 1, 2]), track("epoch", [0, 0, 1, 0, 0, 1]), track("loss", range(6))
        )
        assert [steps(run) for run in found] == [[0, 1, 2], [0, 1, 2]]

    def test_rows_that_do_not_say_their_step_take_that_of_the_row_before(self):
        run = run_of(
            track("step", [10, 20, 30], row=[0, 2, 4]),
            track("loss", [3, 2, 1], row=[0, 2, 4]),
            track("eval_loss", [9, 8], row=[1, 3]),
        )
        assert steps(run) == [10, 20, 30]
        assert steps(run, "eval_loss") == [10, 20]
        (gap,) = run.gaps
        assert (gap.kind, gap.count) == ("rows-without-step", 2)

    def test_rows_before_the_first_step_take_the_first(self):
        run = run_of(track("step", [10, 20], row=[1, 2]), track("loss", [5, 4, 3], row=[0, 1, 2]))
        assert steps(run) == [10, 10, 20]

    def test_missing_cells_of_the_counter_take_the_step_before(self):
        run = run_of(track("step", [1, np.nan, 3, 4]), track("loss", [4, 3, 2, 1]))
        assert steps(run) == [1, 1, 3, 4]

    def test_lines_with_and_without_a_step(self):
        log = Collector()
        log.add(0, {"loss": 3.0}, step=100)
        log.add(1, {"val_loss": 3.5})
        log.add(2, {"loss": 2.0}, step=200)
        log.add(3, {"val_loss": 2.5})
        (run,) = assemble([log.draft()], source="log", stem="stem", reader="test")
        assert (steps(run), steps(run, "val_loss")) == ([100, 200], [100, 200])

    def test_without_any_step_the_rows_are_counted(self):
        run = run_of(track("loss", [3, 2, 1], row=[4, 9, 30]), track("val_loss", [5, 4], row=[5, 31]))
        assert steps(run) == [0, 2, 3]
        assert steps(run, "val_loss") == [1, 4]
        assert kinds(run) == ["no-step"]


class TestTheStepThatTheUserNames:
    def test_it_overrules_the_format_and_the_names(self):
        run = run_of(
            track("loss", [3, 2], step=[0, 1]), track("tokens", [512, 1024], step=[0, 1]), step="Tokens "
        )
        assert steps(run) == [512, 1024]
        assert run["loss"].step_name == "tokens"

    def test_a_misspelt_name_gets_the_nearest(self):
        with pytest.raises(UnknownNameError, match="there is no 'tokns' to count steps by") as caught:
            run_of(track("loss", [3, 2]), track("tokens", [512, 1024]), step="tokns")
        assert caught.value.suggestion == "tokens"
        assert caught.value.where == "log"
        assert set(caught.value.known) == {"loss", "tokens"}


class TestLaunches:
    FIRST, AGAIN = list(range(1, 101)), list(range(1, 61))

    def test_each_is_a_run_of_its_own(self):
        counted = self.FIRST + self.AGAIN + self.AGAIN
        found = runs_of(track("loss", range(len(counted)), step=counted), name="exp")
        assert [run.name for run in found] == [f"exp (launch {i} of 3)" for i in (1, 2, 3)]
        assert [steps(run) for run in found] == [self.FIRST, self.AGAIN, self.AGAIN]
        assert values(found[1]) == list(range(100, 160))
        assert all(kinds(run) == ["launches"] for run in found)
        assert found[0].gaps[0].count == 3

    def test_other_metrics_are_cut_where_the_loss_is(self):
        counted = self.FIRST + self.AGAIN
        rows = [2 * i for i in range(len(counted))]
        seen = [i for i, s in enumerate(counted) if s % 50 == 0]
        found = runs_of(
            track("loss", counted, step=counted, row=rows),
            track("val_loss", seen, step=[counted[i] for i in seen], row=[2 * i + 1 for i in seen]),
        )
        assert [steps(run, "val_loss") for run in found] == [[50, 100], [50]]

    def test_what_is_logged_before_the_first_loss_goes_with_its_launch(self):
        """The rate is written before the loss of its step, and an evaluation before the first step."""
        counted = self.FIRST + self.AGAIN
        found = runs_of(
            track("loss", counted, step=counted, row=[3 * i + 2 for i in range(160)]),
            track("lr", counted, step=counted, row=[3 * i + 1 for i in range(160)]),
            track("val_loss", [9, 8, 9, 8], step=[0, 100, 0, 50], row=[0, 299, 300, 449]),
        )
        assert [steps(run, "lr") for run in found] == [self.FIRST, self.AGAIN]
        assert [steps(run, "val_loss") for run in found] == [[0, 100], [0, 50]]

    def test_one_launch_may_have_metrics_that_another_has_not(self):
        counted = self.FIRST + self.AGAIN
        found = runs_of(
            track("loss", counted, step=counted, row=range(160)),
            track("accuracy", [0.9], step=[60], row=[159]),
        )
        assert [[s.name for s in run.series] for run in found] == [["loss"], ["loss", "accuracy"]]

    @pytest.mark.parametrize(("back_to", "count"), [(1, 2), (20, 2), (21, 2), (30, 1)])
    def test_within_two_percent_of_the_start_it_is_a_launch(self, back_to, count):
        counted = [*range(1, 1002), *range(back_to, 1002)]
        found = runs_of(track("loss", range(len(counted)), step=counted))
        assert len(found) == count
        assert ("resume" in kinds(found[0])) == (count == 1)

    def test_a_launch_of_a_single_point_counts(self):
        found = runs_of(track("loss", [4, 3, 2, 1, 9], step=[0, 10, 20, 30, 0]))
        assert [steps(run) for run in found] == [[0, 10, 20, 30], [0]]

    def test_a_resume_inside_a_launch(self):
        counted = [*self.FIRST, *range(1, 61), *range(41, 81)]
        first, second = runs_of(track("loss", range(len(counted)), step=counted))
        assert steps(first) == self.FIRST
        assert steps(second) == list(range(1, 81))
        assert values(second)[40] == 160


class TestResumes:
    def test_what_it_repeats_is_replaced(self):
        counted = [*range(0, 100, 10), *range(60, 130, 10)]
        run = run_of(
            track("loss", range(17), step=counted, time=range(17)), track("lr", range(17), step=counted)
        )
        for name in ("loss", "lr"):
            assert steps(run, name) == list(range(0, 130, 10))
            assert values(run, name) == [0, 1, 2, 3, 4, 5, *range(10, 17)]
        assert run["loss"].time.tolist() == values(run)
        first = run.gaps[0]
        assert (first.kind, first.series, first.count, first.start, first.stop) == (
            "resume",
            "loss",
            4,
            60,
            90,
        )
        assert "resumed at step 60" in first.what

    def test_two_of_them_the_second_going_further_back(self):
        counted = [*range(0, 100, 10), *range(60, 90, 10), *range(30, 120, 10)]
        run = run_of(track("loss", range(len(counted)), step=counted))
        assert steps(run) == list(range(0, 120, 10))
        assert values(run) == [0, 1, 2, *range(13, 22)]
        assert [(gap.start, gap.count) for gap in run.gaps] == [(60, 4), (30, 6)]

    @pytest.mark.parametrize(
        ("logged", "left", "points"),
        [
            ([40, 80, 80, 120], [40, 80, 120], [5, 3, 2]),  # again on the same step
            ([40, 80, 90, 120], [40, 90, 120], [5, 3, 2]),  # on another one
            ([40, 60, 80, 120], [40, 60, 80, 120], [5, 4, 3, 2]),  # on the step of the checkpoint
        ],
    )
    def test_what_a_seldom_logged_metric_has_from_before_is_replaced_too(self, logged, left, points):
        counted = [*range(0, 100, 10), *range(60, 130, 10)]
        run = run_of(
            track("loss", range(17), step=counted, row=range(0, 34, 2)),
            track("val_loss", [5, 4, 3, 2], step=logged, row=[9, 17, 25, 33]),
        )
        assert steps(run, "val_loss") == left
        assert values(run, "val_loss") == points
        assert [gap.series for gap in run.gaps] == ["loss", "val_loss"][: 1 + (left != logged)]
        assert {gap.start for gap in run.gaps} == {60}

    def test_an_evaluation_on_resuming_is_kept(self):
        counted = [*range(0, 100, 10), *range(60, 130, 10)]
        run = run_of(
            track("loss", range(17), step=counted, row=range(0, 34, 2)),
            track("val_loss", [5, 4, 3], step=[40, 60, 120], row=[9, 19, 33]),
        )
        assert steps(run, "val_loss") == [40, 60, 120]

    def test_a_single_late_point_is_sorted_in(self):
        run = run_of(track("loss", [0, 1, 2, 3, 4, 5], step=[0, 10, 30, 20, 40, 50]))
        assert steps(run) == [0, 10, 20, 30, 40, 50]
        assert values(run) == [0, 1, 3, 2, 4, 5]
        assert run.gaps == ()


class TestRepeatedPoints:
    def test_the_same_value_twice_is_read_once(self):
        run = run_of(track("loss", [3, 3, 2, 2, 1], step=[0, 0, 10, 10, 20], time=[1, 2, 3, 4, 5]))
        assert (steps(run), values(run)) == ([0, 10, 20], [3, 2, 1])
        assert run["loss"].time.tolist() == [1, 3, 5]
        (gap,) = run.gaps
        assert (gap.kind, gap.series, gap.count) == ("duplicate-steps", "loss", 2)

    def test_nan_twice_is_one_point_that_was_nan(self):
        run = run_of(track("loss", [1, np.nan, np.nan, np.nan], step=[0, 10, 10, 20]))
        assert steps(run) == [0, 10, 20]
        assert run.gaps[0].count == 1

    def test_different_values_on_one_step_are_kept(self):
        run = run_of(track("loss", [3, 2.5, 2, 1.5], step=[0, 0, 1, 1]))
        assert values(run) == [3, 2.5, 2, 1.5]
        assert run.gaps == ()

    def test_the_same_value_on_the_next_step_is_another_point(self):
        assert values(run_of(track("loss", [1, 1, 1], step=[0, 1, 2]))) == [1, 1, 1]


class TestBlanks:
    def test_they_are_said_with_their_steps(self):
        run = run_of(
            track("step", [10, 20, 30, 40, 50], row=range(5)),
            track("loss", [3, 2, np.inf], row=[0, 1, 2], blanks=[3, 4]),
            track("lr", [1, 1, 1, 1, 1], row=range(5)),
        )
        (gap,) = [gap for gap in run.gaps if gap.kind == "empty-cells"]
        assert (gap.series, gap.count, gap.start, gap.stop) == ("loss", 2, 40, 50)
        assert "most likely NaN" in gap.what

    def test_they_are_counted_like_rows_where_there_is_no_step(self):
        run = run_of(track("loss", [3, 2], row=[7, 8], blanks=[9]), track("lr", [1, 2, 3], row=[7, 8, 9]))
        (gap,) = [gap for gap in run.gaps if gap.kind == "empty-cells"]
        assert (gap.start, gap.stop) == (2, 2)


class TestPartsOfOneRun:
    def test_rows_go_on_counting_and_settings_are_gathered(self):
        parts = [
            Draft([track("loss", [3, 2], step=[0, 10], row=[5, 8], time=[1, 2])], "a", {"lr": 1, "seed": 0}),
            Draft(
                [track("loss", [1], step=[20], row=[0], time=[3]), track("acc", [9], step=[20], row=[1])],
                "b",
                {"lr": 2},
            ),
        ]
        joined = concatenate(parts)
        assert (joined.name, joined.config) == ("a", {"lr": 2, "seed": 0})
        found = {t.name: t for t in joined.tracks}
        assert found["loss"].row.tolist() == [5, 8, 9]
        assert found["acc"].row.tolist() == [10]
        assert found["loss"].time.tolist() == [1, 2, 3]

    def test_a_part_without_steps_leaves_the_metric_without(self):
        parts = [
            Draft([track("loss", [2, 1], step=[0, 10], row=[0, 1])]),
            Draft([track("loss", [0], row=[0])]),
        ]
        (joined,) = concatenate(parts).tracks
        assert joined.step is None
        assert joined.row.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("path", "stem"),
    [
        ("runs/exp1/metrics.csv", "exp1"),
        ("runs/exp1/Trainer_State.json", "exp1"),
        ("runs/exp1.csv", "exp1"),
        ("metrics.csv", "metrics"),
        (None, "stdin"),
    ],
)
def test_the_name_of_a_run_that_names_itself_not(path, stem):
    assert stem_of(None if path is None else Path(path)) == stem
