"""JSON Lines and JSON documents: which numbers are points, where they stand, and what is refused."""

from __future__ import annotations

import json
from typing import ClassVar

import numpy as np
import pytest

from descentry import readers
from descentry.core import metrics
from descentry.core.errors import DescentryError, NoCurveError, TooLargeError, UnknownFormatError
from descentry.readers import _source


@pytest.fixture
def read(tmp_path):
    def read(content, name="history.json", **options):
        path = tmp_path / name
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
        return readers.read_all(path, **options)

    return read


def points(series):
    return list(zip(series.step.tolist(), series.value.tolist(), strict=True))


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


class TestJsonLines:
    def test_nested_numbers_spelt_numbers_and_nothing_else(self, read):
        first = {
            "step": 0,
            "train": {"loss": 1.5, "deep": {"er": {"x": 1, "too": {"deep": 2}}}},
            "ok": True,
            "note": "hot",
            "ids": [1, 2],
        }
        (run,) = read(
            lines(first, {"step": 10, "train": {"loss": "NaN"}}, {"step": 20, "train": {"loss": "1.25"}})
        )
        np.testing.assert_array_equal(run["train/loss"].value, [1.5, np.nan, 1.25])
        assert run["train/loss"].step.tolist() == [0, 10, 20]
        assert {s.name for s in run.series} == {"train/loss", "train/deep/er/x"}

    def test_a_last_line_cut_short_and_lines_that_are_no_json(self, read):
        (run,) = read(
            lines({"step": 0, "loss": 1.5})
            + "Traceback:\n"
            + lines({"step": 1, "loss": 1.25})
            + '{"step": 2, "lo',
            name="a.jsonl",
        )
        assert points(run["loss"]) == [(0, 1.5), (1, 1.25)]
        assert {gap.kind: gap.count for gap in run.gaps} == {"truncated": 1, "unreadable-lines": 1}

    def test_a_first_record_of_settings(self, read):
        (run,) = read(
            lines({"seed": 1, "lr": 0.1, "model": "vit"}, {"step": 0, "loss": 1.5}, {"step": 1, "loss": 1.25})
        )
        assert run.config == {"seed": 1, "lr": 0.1, "model": "vit"}
        assert [s.name for s in run.series] == ["loss"]

    def test_records_that_say_their_split(self, read):
        (run,) = read(
            lines(
                *(
                    {"split": split, "epoch": e, "loss": e + 0.5}
                    for e in range(3)
                    for split in ("train", "val")
                )
            )
        )
        assert points(run["val/loss"]) == [(0, 0.5), (1, 1.5), (2, 2.5)]

    def test_records_of_one_metric_each(self, read):
        (run,) = read(
            lines(*({"tag": tag, "value": s / 8, "step": s} for s in (0, 4, 8) for tag in ("loss", "acc")))
        )
        assert points(run["acc"]) == [(0, 0.0), (4, 0.5), (8, 1.0)]

    def test_records_that_say_their_run(self, read):
        adam, sgd = read(
            lines(*({"run": run, "step": s, "loss": s + 0.5} for s in range(4) for run in ("adam", "sgd")))
        )
        assert (adam.name, sgd.name, len(sgd["loss"])) == ("adam", "sgd", 4)

    def test_one_record_a_run_is_refused(self, read):
        with pytest.raises(NoCurveError, match="results and no curve: 3 runs in 3 records"):
            read(lines(*({"run": run, "epochs": 5, "loss": 0.5} for run in "abc")))

    def test_names_that_no_terminal_should_see(self, read):
        line = '{"step": %d, "\\u001b[2Jloss": 1.5, "\\ud800": 1}\n'
        (run,) = read(line % 0 + line % 1)
        assert all(s.name.isprintable() for s in run.series)
        assert len(run.series) == 2

    def test_numbers_beyond_float64_are_infinite(self, read):
        (run,) = read(f'{{"step": 0, "loss": 1e999}}\n{{"step": 1, "loss": -{"9" * 400}}}\n')
        assert run["loss"].value.tolist() == [np.inf, -np.inf]

    def test_wandb_history_counts_by_its_own_step(self, read):
        records = [
            {"train/loss": v, "_step": s, "_timestamp": 1.7e9 + s, "_runtime": s}
            for s, v in [(0, 1.5), (50, "Infinity"), (100, "NaN")]
        ]
        records[0]["hist"] = {"_type": "histogram", "values": [1, 2]}
        (run,) = read(lines(*records), name="wandb-history.jsonl")
        assert run.reader == "wandb-history"
        assert [s.name for s in run.series] == ["train/loss"]
        assert run["train/loss"].step.tolist() == [0, 50, 100]
        np.testing.assert_array_equal(run["train/loss"].value, [1.5, np.inf, np.nan])
        assert run["train/loss"].time.tolist() == [1.7e9, 1.7e9 + 50, 1.7e9 + 100]

    def test_mmdetection_counts_iterations_through_the_epochs(self, read):
        log = [{"env_info": "linux " * 30_000, "seed": 7}]
        for epoch in (1, 2, 3):
            log += [
                {"mode": "train", "epoch": epoch, "iter": i, "loss": epoch + i / 512} for i in (50, 100, 150)
            ]
            log += [{"mode": "val", "epoch": epoch, "iter": 20, "bbox_mAP": epoch / 8}]
        (run,) = read(lines(*log), name="20210101.log.json")
        assert run.reader == "mmdetection-json"
        assert run["train/loss"].step.tolist() == [50, 100, 150, 200, 250, 300, 350, 400, 450]
        assert points(run["val/bbox_mAP"]) == [(150, 0.125), (300, 0.25), (450, 0.375)]
        assert run.config == {"seed": 7}


LOSS = [1.5, 1.25, 1.125]
ROWS = [(0, 1.5), (1, 1.25), (2, 1.125)]
STEPPED = [(0, 1.5), (100, 1.25), (200, 1.125)]
STEPS = [0, 100, 200]


class TestDocuments:
    @pytest.mark.parametrize(
        ("document", "wanted"),
        [
            ({"loss": LOSS}, ROWS),
            ({"step": STEPS, "loss": LOSS}, STEPPED),
            ({"history": {"loss": LOSS}, "epochs": 3}, ROWS),
            ({"result": {"history": {"step": STEPS, "loss": LOSS}}}, STEPPED),
            ([{"step": s, "loss": v} for s, v in STEPPED], STEPPED),
            ({"log": [{"step": s, "loss": v} for s, v in STEPPED], "layers": [64, 64]}, STEPPED),
            ({"loss": [list(p) for p in STEPPED]}, STEPPED),
            ({"loss": {str(s): v for s, v in STEPPED}}, STEPPED),
            ({str(s): {"loss": v} for s, v in STEPPED}, STEPPED),
            ({"step": {"0": 0, "1": 100, "2": 200}, "loss": {"0": 1.5, "1": 1.25, "2": 1.125}}, STEPPED),
            ({"loss": ["1.5", "1.25", "1.125"]}, ROWS),
            ({"loss": [*LOSS, None], "step": [*STEPS, 300]}, STEPPED),
        ],
        ids=str,
    )
    def test_shapes(self, read, document, wanted):
        (run,) = read(document)
        assert run.reader == "json"
        assert points(metrics.candidates(run.series)[0]) == wanted
        assert metrics.candidates(run.series)[0].name == "loss"

    def test_a_bare_list_is_named_after_the_file(self, read):
        (run,) = read(LOSS, name="train_loss.json")
        assert points(run["train_loss"]) == ROWS

    def test_splits_stay_in_one_run_and_others_become_runs(self, read):
        (run,) = read({"train": {"loss": LOSS}, "val": {"loss": LOSS}})
        assert [s.split for s in run.series] == ["train", "validation"]
        adam, sgd = read({"adam": {"loss": LOSS}, "sgd": {"loss": LOSS[::-1]}})
        assert (adam.name, sgd.name) == ("adam", "sgd")
        assert sgd["loss"].value.tolist() == LOSS[::-1]

    def test_nan_is_a_value_and_null_is_none(self, read):
        (run,) = read(
            '{"step": [0, 100, 200], "loss": [1.5, NaN, -Infinity], "val_loss": [null, 1.25, null]}'
        )
        np.testing.assert_array_equal(run["loss"].value, [1.5, np.nan, -np.inf])
        assert points(run["val_loss"]) == [(100, 1.25)]

    def test_lists_of_different_lengths_are_counted_each_on_its_own(self, read):
        (run,) = read(
            {
                "step": list(range(0, 120, 10)),
                "train_loss": [0.5] * 12,
                "val_loss": [1.5, 1.25, 1.125],
                "test_acc": [0.5, 0.75],
                "betas": [0.9, 0.99],
            }
        )
        assert run["train_loss"].step.tolist() == list(range(0, 120, 10))
        assert points(run["val_loss"]) == ROWS
        assert {s.name for s in run.series} == {"train_loss", "val_loss", "test_acc"}
        assert "uneven-lists" in [gap.kind for gap in run.gaps]

    def test_single_values_are_settings(self, read):
        (run,) = read({"optimizer": "adam", "lr": 0.1, "loss": LOSS})
        assert run.config == {"optimizer": "adam", "lr": 0.1}

    @pytest.mark.parametrize("end", range(33, 62))
    def test_one_cut_short_is_refused_with_the_place(self, read, end):
        text = '{"step": [0, 100, 200],\n "loss": [1.5, -1.25e-05, NaN, null, true], "x": 1}'
        with pytest.raises(
            DescentryError, match=r"history\.json: the JSON is cut short at line 2, column \d+"
        ):
            read(text[:end])

    def test_one_that_is_broken_in_the_middle_is_refused_with_the_place(self, read):
        with pytest.raises(DescentryError, match=r"this is not JSON: .* at line 1, column 22"):
            read('{"loss": [1.5, 1.25, , 1.125]}')

    @pytest.mark.parametrize(
        "text", ['{"accuracy": 0.9, "loss": 0.1}\n', '{\n "accuracy": 0.9,\n "loss": 0.1\n}\n']
    )
    def test_results_are_no_curve(self, read, text):
        with pytest.raises(NoCurveError, match=r"no list of numbers.*\n.*accuracy, loss"):
            read(text)

    @pytest.mark.parametrize(
        "document",
        [
            {"hidden": 64, "layers": [1, 2, 3], "vocab": {"a": 0, "b": 1}},
            {"categories": [{"id": 1}, {"id": 2}]},
            ["a", "b"],
            {},
            [],
        ],
        ids=str,
    )
    def test_settings_and_vocabularies_are_not_claimed(self, read, document):
        with pytest.raises((UnknownFormatError, NoCurveError)):
            read(document)

    @pytest.mark.parametrize(
        "text", ["[" * 100_000, '{"loss":' * 100_000, '{"loss": [1.5, 1.25]}\n{"a":' + "[" * 100_000 + "\n"]
    )
    def test_nesting_bombs_are_refused(self, read, text):
        with pytest.raises(TooLargeError, match="nested too deeply"):
            read(text)

    def test_tensorboard_exports_keep_times_and_the_tag(self, read):
        (run,) = read([[1700000000.5, 0, 1.5], [1700000001.5, 10, "NaN"]], name="run-a_b-tag-loss.json")
        assert (run.reader, run.name) == ("tensorboard-json", "a_b")
        assert run["loss"].step.tolist() == [0, 10]
        np.testing.assert_array_equal(run["loss"].value, [1.5, np.nan])
        assert run["loss"].time.tolist() == [1700000000.5, 1700000001.5]


class TestTrainerState:
    STATE: ClassVar = {
        "max_steps": 1000,
        "log_history": [
            {"epoch": 0.5, "grad_norm": 2.5, "learning_rate": 1e-4, "loss": 1.5, "step": 500},
            {"epoch": 0.5, "eval_loss": 1.75, "step": 500},
            {"epoch": 1.0, "grad_norm": float("nan"), "learning_rate": 0.0, "loss": 1.25, "step": 1000},
            {"epoch": 1.0, "step": 1000, "train_loss": 1.375, "train_runtime": 60.5},
        ],
    }

    def test_the_summary_is_no_point(self, read):
        (run,) = read(self.STATE, name="trainer_state.json")
        assert run.reader == "hf-trainer-state"
        assert points(run["loss"]) == [(500, 1.5), (1000, 1.25)]
        assert points(run["eval_loss"]) == [(500, 1.75)]
        assert len(run["grad_norm"]) == 2
        assert (run.config["train_loss"], run.config["max_steps"]) == (1.375, 1000)
        assert "train_loss" not in {s.name for s in run.series}
        assert metrics.candidates(run.series)[0].name == "loss"

    def test_one_that_has_logged_nothing(self, read):
        with pytest.raises(NoCurveError, match="log_history is empty"):
            read({"max_steps": 10, "log_history": []}, name="trainer_state.json")

    def test_one_cut_short(self, read):
        with pytest.raises(DescentryError, match="cut short at line 1, column"):
            read(json.dumps(self.STATE)[:200], name="trainer_state.json")


class TestMegatronGolden:
    def test_the_word_nan_is_padding_and_a_bare_nan_is_a_value(self, read):
        entry = {
            "start_step": 1,
            "end_step": 20,
            "step_interval": 5,
            "values": {"10": 1.25, "1": 1.5, "5": float("nan"), "15": "nan", "20": "nan"},
        }
        (run,) = read({"lm loss": entry}, name="golden_values.json")
        assert run.reader == "megatron-golden"
        assert run["lm loss"].step.tolist() == [1, 5, 10]
        np.testing.assert_array_equal(run["lm loss"].value, [1.5, np.nan, 1.25])
        assert {gap.kind: gap.count for gap in run.gaps} == {"padding": 2}

    def test_values_in_a_list_stand_at_the_interval(self, read):
        (run,) = read({"lm loss": {"start_step": 5, "end_step": 15, "step_interval": 5, "values": LOSS}})
        assert points(run["lm loss"]) == [(5, 1.5), (10, 1.25), (15, 1.125)]


def test_documents_too_large_to_hold_are_refused_unread(tmp_path):
    path = tmp_path / "history.json"
    path.write_text('{"loss": [' + "1.5, " * 20_000)
    with path.open("r+b") as file:
        file.truncate(_source.MAX_DOCUMENT + 1)  # sparse: it takes no space
    with pytest.raises(TooLargeError, match=r"history\.json: 512 MiB is over"):
        readers.read_all(path)
