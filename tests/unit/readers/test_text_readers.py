"""Text logs: fragments in the real formats, and the points that must come out of them."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.readers.text_fragments import FRAGMENTS, GENERIC

from descentry import readers
from descentry.core.errors import NoCurveError, TooLargeError, UnknownFormatError


def read(text, name="train.log"):
    return readers.from_bytes(text.encode(), name=name)


def check(text, reader, expected):
    """Every expected series of the only run, as steps and values."""
    (run,) = read(text)
    assert run.reader == reader
    names = [series.name for series in run.series]
    for name, (steps, values) in expected.items():
        assert names.count(name) == 1, f"{name} among {names}"
        assert run[name].step.tolist() == steps, name
        np.testing.assert_allclose(run[name].value, values, rtol=1e-9, equal_nan=True, err_msg=name)
    return run


@pytest.mark.parametrize("case", FRAGMENTS)
def test_particular_format(case):
    reader, text, expected = FRAGMENTS[case]
    check(text, reader, expected)


@pytest.mark.parametrize("case", GENERIC)
def test_any_text(case):
    text, expected = GENERIC[case]
    check(text, "generic-text", expected)


# A stack trace is no row of numbers; rows that are none have a test of their own.
@pytest.mark.parametrize("case", [c for c in (*FRAGMENTS, *GENERIC) if "column" not in c])
def test_windows_newlines_and_a_stack_trace_change_nothing(case):
    reader, text, expected = FRAGMENTS.get(case) or ("generic-text", *GENERIC[case])
    crash = (
        'Traceback (most recent call last):\n  File "train.py", line 12, in <module>\n'
        "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB\n"
    )
    text = text.replace("\r\n", "\n") + crash
    check(text.replace("\n", "\r\n") if "\r" not in text else text, reader, expected)


def test_two_ranks_that_print_the_same_are_read_once():
    text = "".join(
        f"iter {step}: loss {value:.4f}, time 1.00ms\n" * 2
        for step, value in [(0, 3.0), (10, 2.5), (20, 2.0)]
    )
    run = check(text, "nanogpt", {"loss": ([0, 10, 20], [3, 2.5, 2])})
    assert [gap.kind for gap in run.gaps] == ["duplicate-steps"]


def test_trainer_output_of_two_ranks_is_read_once():
    lines = [
        f"{{'loss': {value}, 'epoch': {epoch}}}\n" * 2
        for value, epoch in [(3.0, 0.5), (2.5, 1.0), (2.0, 1.5)]
    ]
    check("".join(lines), "huggingface-text", {"loss": ([0, 1, 2], [3, 2.5, 2])})


def test_a_resume_replaces_what_it_repeats():
    steps = [*range(0, 100, 10), *range(50, 150, 10)]
    text = "".join(f"iter {step}: loss {4 - i / 10:.4f}, time 1.00ms\n" for i, step in enumerate(steps))
    (run,) = read(text)
    assert run["loss"].step.tolist() == list(range(0, 150, 10))
    assert run["loss"].value[5] == pytest.approx(3.0)
    assert "resume" in [gap.kind for gap in run.gaps]


def test_resume_is_seen_in_fractional_epochs():
    lines = [
        f"{{'loss': {4 - i / 10:.1f}, 'epoch': {epoch}}}\n"
        for i, epoch in enumerate([0.1, 0.2, 0.3, 0.4, 0.5, 0.3, 0.4, 0.5, 0.6])
    ]
    (run,) = read("".join(lines))
    np.testing.assert_allclose(run["loss"].value, [4, 3.9, 3.5, 3.4, 3.3, 3.2])
    assert "resume" in [gap.kind for gap in run.gaps]


def test_a_number_cut_short_is_left_out_and_noted():
    (run,) = read("iter 0: loss 3.0000, time 1.00ms\niter 10: loss 2.5000, time 1.00ms\niter 20: loss 2.0")
    assert run["loss"].step.tolist() == [0, 10]
    assert [gap.kind for gap in run.gaps] == ["truncated"]


def test_a_last_line_without_newline_keeps_its_whole_numbers():
    (run,) = read("iter 0: loss 3.0000, time 1.00ms\niter 10: loss 2.5000, time 1.0")
    assert run["loss"].step.tolist() == [0, 10]


def test_an_unfinished_epoch_is_noted():
    _, text, _ = FRAGMENTS["keras"]
    (run,) = read(text)
    assert [(gap.kind, gap.start) for gap in run.gaps] == [("unfinished-epoch", 3)]
    assert "batch 50 of 100" in run.gaps[0].what


def test_json_lines_that_are_not_whole_are_counted():
    (run,) = read(
        'json_stats: {"epoch":1,"loss":1.5}\njson_stats: {"epoch":2,"lo\njson_stats: {"epoch":3,"loss":1.0}\n'
    )
    assert run["loss"].step.tolist() == [1, 3]
    assert [(gap.kind, gap.count) for gap in run.gaps] == [("unreadable-lines", 1)]


def test_settings_among_json_stats_go_to_the_config():
    _, text, _ = FRAGMENTS["torch7"]
    (run,) = read(text)
    assert {"optimMethod": "sgd", "batchSize": 128, "epoch_step": [60, 120]}.items() <= run.config.items()
    assert "batchSize" not in [series.name for series in run.series]


def test_ragged_rows_are_counted():
    _, text, _ = FRAGMENTS["columns of a CSV"]
    (run,) = read(text)
    assert [(gap.kind, gap.count) for gap in run.gaps] == [("ragged-rows", 2)]


def test_a_long_preamble_does_not_hide_the_format():
    preamble = "".join(
        f"W0518 15:03:49.681000 {i} torch/distributed/run.py:851] Setting OMP_NUM_THREADS\n"
        for i in range(20_000)
    )
    assert len(preamble) > 1 << 20
    check(preamble + FRAGMENTS["megatron"][1], "megatron", FRAGMENTS["megatron"][2])
    check(preamble + GENERIC["fairseq"][0], "generic-text", GENERIC["fairseq"][1])


def test_numbers_without_a_metric_say_what_was_found():
    with pytest.raises(NoCurveError) as caught:
        read("step 1 lr: 0.1 tokens: 512\nstep 2 lr: 0.2 tokens: 1024\n")
    assert "no loss" in str(caught.value)
    assert {"lr", "tokens"} <= set(caught.value.found)
    assert "lr" in str(caught.value)


def test_prose_is_not_a_log():
    with pytest.raises(UnknownFormatError):
        read("Dear all,\nin 2024 we had 3 meetings, and 4 of them were long.\n")


def test_notes_beside_a_log_are_passed_over(tmp_path):
    (tmp_path / "train.log").write_text(FRAGMENTS["nanogpt"][1])
    (tmp_path / "notes.txt").write_text("machine: 4\nstep 1 lr: 0.1\nstep 2 lr: 0.2\n")
    (run,) = readers.read_all(tmp_path)
    assert run.reader == "nanogpt"
    assert not run.gaps


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "a",
        " ",
        "a-",
        "loss ",
        "loss: ",
        "[1] ",
        "- a",
        "'",
        "iter: 1  ",
        "{'",
        "=",
        "| a",
        "1/",
        ",1",
        "'epoch': ",
    ],
)
def test_hostile_lines_are_passed_over_quickly(unit):
    text = FRAGMENTS["xgboost"][1] + "[5]\t" + unit * (60_000 // len(unit)) + "\n"
    assert read(text)[0]["train-rmse"].step.tolist() == [0, 1, 2]


def test_a_line_too_long_to_be_one_is_left_out_and_noted():
    (run,) = read("loss: 0.5\nloss: 0.25\n" + "loss: 0.1 " * 10_000 + "\nloss: 0.125\n")
    assert run["loss"].value.tolist() == [0.5, 0.25, 0.125]
    assert "long-lines" in [gap.kind for gap in run.gaps]
    with pytest.raises(TooLargeError):
        read("loss: 0.5\nloss: 0.25\n" + "x" * (1 << 24) + "\n")


@pytest.mark.parametrize("digits", ["9" * 19, "9" * 400, "9" * 5000])
def test_numbers_too_long_for_a_step_do_no_harm(digits):
    (run,) = read(f"step 1 loss: 0.5\nstep {digits} loss: 0.25\nstep 3 loss: 0.125\n")
    assert run["loss"].value.tolist() == [0.5, 0.25, 0.125]
    (run,) = read(f"iter 1: loss 0.5\niter {digits}: loss 0.25\niter 3: loss 0.125\n")
    assert run["loss"].step.tolist() == [1, 3]
