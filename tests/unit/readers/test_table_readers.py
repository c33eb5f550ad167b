"""Text tables and Parquet: what is a point, what is missing, what stands for NaN, and what is no curve."""

from __future__ import annotations

import builtins

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from descentry import readers
from descentry.core import metrics
from descentry.core.errors import DescentryError, MissingExtraError, NoCurveError, UnknownFormatError
from descentry.readers import _table


@pytest.fixture
def read(tmp_path):
    def read(text, name="history.csv", **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return readers.read_all(path, **options)

    return read


def points(series):
    return list(zip(series.step.tolist(), series.value.tolist(), strict=True))


def kinds(run):
    return [gap.kind for gap in run.gaps]


PLAIN = [(0, 1.5), (10, 1.25), (20, 1.125)]


@pytest.mark.parametrize(
    "text",
    [
        "step,loss\n0,1.5\n10,1.25\n20,1.125\n",
        "step;loss\n0;1,5\n10;1,25\n20;1,125\n",  # the decimal comma of a European spreadsheet
        "step\tloss\n0\t1.5\n10\t1.25\n20\t1.125\n",
        "step|loss\n0|1.5\n10|1.25\n20|1.125\n",
        "step   loss\n   0   1.5\n  10  1.25\n  20 1.125\n",
        "  step,   loss\n     0,    1.5\n    10,   1.25\n    20,  1.125\n",
        '"step","loss"\n"0","1.5"\n"10","1.25"\n"20","1.125"\n',
        "\ufeffstep,loss\r\n0,1.5\r\n10,1.25\r\n20,1.125\r\n",
        "step,loss\r0,1.5\r10,1.25\r20,1.125\r",
        "step,loss\n0,1.5\n10,1.25\n20,1.125\n".encode("utf-16"),
        "# made by hand\n\nstep,loss\n0,1.5\n# the learning rate was cut here\n10,1.25\n20,1.125\n",
        "# step,loss\n0.0,1.5\n10.0,1.25\n20.0,1.125\n",  # numpy.savetxt
        "step,loss,\n0,1.5,\n10,1.25,\n20,1.125,\n",
        ",step,loss\n0,0,1.5\n1,10,1.25\n2,20,1.125\n",  # pandas with its index
        ",loss\n0,1.5\n10,1.25\n20,1.125\n",  # pandas with the step as its index
    ],
    ids=str,
)
def test_dialects_read_alike(read, text):
    (run,) = read(text)
    assert [s.name for s in run.series] == ["loss"]
    assert points(run["loss"]) == PLAIN
    assert kinds(run) == []


def test_words_for_nan_are_values_and_empty_cells_are_not(read):
    (run,) = read("step,loss,acc\n0,1.5,0.1\n1,nan,\n2,-inf,NA\n3,1.25,0.3\n")
    np.testing.assert_array_equal(run["loss"].value, [1.5, np.nan, -np.inf, 1.25])
    assert points(run["acc"]) == [(0, 0.1), (3, 0.3)]


def test_every_block_of_a_long_table_is_read_whichever_way(read, monkeypatch):
    """Blocks of numbers, with empty cells, with the word nan and with quotes take different ways."""
    monkeypatch.setattr(_table, "BLOCK", 1 << 16)
    monkeypatch.setattr(_table, "CHUNK", 1 << 12)
    rows = 30_000
    lines = [f"{i},{i / 8},{'' if i % 3 else i}" for i in range(rows)]
    lines[12_000] = "12000,nan,12000"
    lines[24_000] = '24000,"3000.0",24000'
    (run,) = read("step,loss,val_loss\n" + "\n".join(lines) + "\n")
    assert run["loss"].step.tolist() == list(range(rows))
    wanted = np.arange(rows) / 8
    wanted[12_000] = np.nan
    np.testing.assert_array_equal(run["loss"].value, wanted)
    np.testing.assert_array_equal(run["val_loss"].step, np.arange(0, rows, 3))
    np.testing.assert_array_equal(run["val_loss"].value, np.arange(0, rows, 3))


def test_a_last_row_that_may_be_cut_short_is_left_out(read):
    (run,) = read("step,loss\n0,1.5\n1,1.25\n2,1.1")
    assert points(run["loss"]) == [(0, 1.5), (1, 1.25)]
    assert kinds(run) == ["truncated"]
    (run,) = read("step,loss,lr\n0,1.5,0.1\n1,1.25,0.1\n2,1.1")
    assert len(run["loss"]) == 2


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 7, 9])
def test_a_long_table_that_is_cut_short(read, cut):
    text = "step,loss\n" + "".join(f"{i},{i / 16}\n" for i in range(1001))
    (run,) = read(text[:-cut])
    assert run["loss"].step.tolist() == list(range(1000))
    assert kinds(run) == ["truncated"]


@pytest.mark.parametrize(
    "text", ["step,loss\n0,1.50\n1,1.25\n2,1.10", '"step","loss"\n"0","1.5"\n"1","1.25"\n"2","1.1"']
)
def test_a_last_row_that_must_be_whole_is_kept_without_a_newline(read, text):
    (run,) = read(text)
    assert points(run["loss"]) == [(0, 1.5), (1, 1.25), (2, 1.1)]
    assert kinds(run) == []


def test_ragged_rows_and_stray_words_are_read_as_far_as_they_go_and_counted(read):
    body = "".join(f"{i},{i / 8},0.1\n" for i in range(12))
    (run,) = read("step,loss,lr\n" + body + "12,1.5\n13,1.625,0.1,7\n14,oops,0.1\n")
    assert run["loss"].step.tolist() == list(range(14))
    gaps = {gap.kind: gap for gap in run.gaps}
    assert gaps["ragged-rows"].count == 2
    assert (gaps["unreadable-cells"].count, gaps["unreadable-cells"].series) == (1, "loss")


def test_a_header_written_again_begins_a_launch(read):
    first, second = read("step,loss\n0,1.5\n1,1.25\nstep,loss\n0,2.5\n1,2.25\n")
    assert points(first["loss"]) == [(0, 1.5), (1, 1.25)]
    assert points(second["loss"]) == [(0, 2.5), (1, 2.25)]


def test_names_with_underscored_numbers_are_no_numbers(read):
    (run,) = read("tag_id,step,loss\n1_0,0,1.5\n1_1,1,1.25\n")
    assert [s.name for s in run.series] == ["loss"]


def test_times_since_1970_are_kept_with_the_points(read):
    (run,) = read("timestamp,step,loss\n1700000000000,0,1.5\n1700000002500,1,1.25\n")
    assert run["loss"].time.tolist() == [1.7e9, 1.7e9 + 2.5]
    (run,) = read("time,step,loss\n0.5,0,1.5\n0.6,1,1.25\n")
    assert run["loss"].time is None
    assert len(run["time"]) == 2


class TestEmptyCellsThatStandForNaN:
    def blanks(self, read, text):
        (run,) = read(text)
        return {g.series: (g.count, g.start, g.stop) for g in run.gaps if g.kind == "empty-cells"}

    def test_rows_that_go_on_with_nothing_but_the_step(self, read):
        table = "step,loss,grad_norm,val_loss\n"
        table += "".join(
            f"{i},{1.5 + i / 7},{i + 0.5},\n" + (f"{i},,,1.5\n" if i % 10 == 0 else "") for i in range(40)
        )
        table += "40,inf,inf,\n" + "".join(f"{i},,,\n" for i in range(41, 60))
        assert self.blanks(read, table) == {"loss": (19, 41, 59), "grad_norm": (19, 41, 59)}

    def test_rows_that_go_on_with_the_learning_rate(self, read):
        table = "step,loss,lr\n" + "".join(f"{i},{1.5 / (i + 1)},{i / 1000}\n" for i in range(30))
        assert self.blanks(read, table + "30,,0.03\n31,,0.031\n") == {"loss": (2, 30, 31)}

    def test_training_that_is_logged_less_than_evaluation(self, read):
        table = "step,loss,val_loss\n" + "".join(f"{i},{1.5 / (i + 1)},\n" for i in range(30))
        assert self.blanks(read, table + "".join(f"{i},,0.5\n" for i in range(0, 3000, 100))) == {}

    def test_a_column_logged_every_tenth_row(self, read):
        table = "step,loss,acc\n" + "".join(
            f"{i},{1.5 / (i + 1)},{'' if i % 10 else i / 99}\n" for i in range(95)
        )
        assert self.blanks(read, table) == {}

    def test_a_summary_row_at_the_end(self, read):
        table = "step,loss,examples,seconds\n" + "".join(
            f"{i},{1.5 / (i + 1)},512,{i * 1.5}\n" for i in range(30)
        )
        assert self.blanks(read, table + "30,,,46.5\n") == {}

    def test_a_loss_that_ends_while_another_loss_goes_on(self, read):
        table = "step,loss,aux_loss\n" + "".join(f"{i},{1.5 / (i + 1)},{2.5 / (i + 1)}\n" for i in range(30))
        assert self.blanks(read, table + "".join(f"{i},0.05,\n" for i in range(30, 60))) == {}


def test_a_split_column_parts_the_metrics(read):
    (run,) = read("phase,epoch,loss,lr\ntrain,0,1.5,0.1\nval,0,1.75,\ntrain,1,1.25,0.1\nval,1,1.5,\n")
    assert points(run["train/loss"]) == [(0, 1.5), (1, 1.25)]
    assert points(run["val/loss"]) == [(0, 1.75), (1, 1.5)]
    assert (run["train/loss"].split, run["val/loss"].split) == ("train", "validation")


def test_a_split_column_leaves_alone_what_names_its_split(read):
    (run,) = read("phase,epoch,train_loss,val_loss\ntrain,0,1.5,\nval,0,,1.75\ntrain,1,1.25,\nval,1,,1.5\n")
    assert [s.name for s in run.series] == ["train_loss", "val_loss"]


def test_a_long_table_is_read_as_if_it_were_wide(read):
    (run,) = read("step,metric,value\n0,loss,1.5\n0,acc,0.1\n10,loss,1.25\n10,acc,0.2\n20,loss,nan\n")
    np.testing.assert_array_equal(run["loss"].value, [1.5, 1.25, np.nan])
    assert points(run["acc"]) == [(0, 0.1), (10, 0.2)]


def test_a_run_column_makes_runs_in_blocks_and_in_turns(read):
    blocks = "run,step,loss\n" + "".join(
        f"{run},{i},{loss + i}\n" for run, loss in [("adam", 1), ("sgd", 5)] for i in range(6)
    )
    adam, sgd = read(blocks)
    assert (adam.name, sgd.name) == ("adam", "sgd")
    assert points(sgd["loss"]) == [(i, 5.0 + i) for i in range(6)]
    turns = "seed,step,loss\n" + "".join(f"{seed},{i},{seed + i}\n" for i in range(6) for seed in (1, 2))
    one, two = read(turns)
    assert (one.name, two.name) == ("seed=1", "seed=2")
    assert points(two["loss"]) == [(i, 2.0 + i) for i in range(6)]


def test_words_that_never_change_are_settings(read):
    (run,) = read("device,step,loss\ncuda,0,1.5\ncuda,1,1.25\n")
    assert run.config == {"device": "cuda"}


RESULTS = (
    "run_name,seed,lr,max_iters,final_loss\nbase,1,0.1,5000,0.5\nrope,1,0.1,5000,0.4\nalibi,1,0.2,5000,0.6\n"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RESULTS, "one row a run, named by 'run_name'"),
        ("model,params,accuracy\nA,10,0.5\nB,20,0.6\n", "one row a run, named by 'model'"),
        ("seed,final_loss\n1,0.5\n2,0.6\n3,0.4\n", "one row a run, named by 'seed'"),
        ("step,loss\n", "a header and no rows"),
        ("step,epoch\n0,0\n1,0\n2,1\n", "no column holds the numbers of a metric"),
    ],
)
def test_what_is_no_curve_is_refused_with_its_columns(read, text, said):
    with pytest.raises(NoCurveError, match=said) as refused:
        read(text)
    assert set(refused.value.found) == set(text.partition("\n")[0].split(","))
    assert "history.csv" in str(refused.value)


@pytest.mark.parametrize(
    "text", ["hello, world\nhow, are, you\n", "name,colour\nx,red\ny,blue\n", "0,1.5\n1,1.25\n2,1.125\n"]
)
def test_what_is_no_table_with_a_header_is_left_to_others(read, text):
    try:
        runs = read(text)
    except UnknownFormatError:
        return
    assert runs[0].reader != "csv"


def test_wandb_charts_make_a_run_of_each_column(read):
    chart = (
        '"Step","a - b - train/loss","a - b - train/loss__MIN","a - b - train/loss__MAX","c - train/loss"\n'
    )
    first, second = read(
        chart + '"0","1.5","1.0","2.0","2.5"\n"1","NaN","1.0","2.0",""\n"2","1.25","1","2","2.25"\n'
    )
    assert (first.name, second.name) == ("a - b", "c")
    assert [s.name for s in first.series] == ["train/loss"]
    np.testing.assert_array_equal(first["train/loss"].value, [1.5, np.nan, 1.25])
    assert points(second["train/loss"]) == [(0, 2.5), (2, 2.25)]


def test_the_table_of_runs_of_wandb_is_refused(read):
    with pytest.raises(NoCurveError, match="table of runs") as refused:
        read('"Name","State","Created","loss"\n"a","finished","2026-05-25T14:08:33.000Z","0.5"\n')
    assert "Export the chart" in str(refused.value)


def test_tensorboard_names_the_series_after_the_tag_in_the_file_name(read):
    table = "Wall time,Step,Value\n1700000000.5,0,1.5\n1700000001.5,10,1.25\n"
    (run,) = read(table, name="run-exp1_train-tag-epoch_loss.csv")
    assert (run.name, run.reader) == ("exp1_train", "tensorboard-csv")
    assert points(run["epoch_loss"]) == [(0, 1.5), (10, 1.25)]
    assert run["epoch_loss"].time.tolist() == [1700000000.5, 1700000001.5]
    (run,) = read(table, name="val_loss.csv")
    assert run.series[0].name == "val_loss"


def test_monitor_files_count_environment_steps_and_their_reward_rises(read):
    (run,) = read(
        '#{"t_start": 1600000000.5, "env_id": "CartPole-v1"}\nr,l,t\n10.5,10,1.0\n20.25,20,2.5\n30.0,30,4.0\n'
    )
    assert points(run["r"]) == [(10, 10.5), (30, 20.25), (60, 30.0)]
    assert run["r"].time.tolist() == [1600000001.5, 1600000003.0, 1600000004.5]
    assert run.config["env_id"] == "CartPole-v1"
    assert metrics.candidates(run.series)[0].name == "r"
    assert metrics.higher_is_better("r")


def test_keras_writes_na_for_what_an_epoch_did_not_have(read):
    (run,) = read("epoch,accuracy,loss,val_loss\n0,0.5,1.5,NA\n1,0.6,nan,1.25\n", name="training.log")
    assert run.reader == "keras-csvlogger"
    np.testing.assert_array_equal(run["loss"].value, [1.5, np.nan])
    assert points(run["val_loss"]) == [(1, 1.25)]


def test_lightning_keeps_batches_and_epochs_apart(read):
    text = "epoch,step,train_loss_epoch,train_loss_step\n0,49,,1.5\n0,62,1.75,\n1,99,,1.25\n"
    (run,) = read(text)
    assert run.reader == "lightning-csv"
    assert points(run["train_loss_step"]) == [(49, 1.5), (99, 1.25)]
    assert points(run["train_loss_epoch"]) == [(62, 1.75)]


class TestParquet:
    def write(self, tmp_path, **columns):
        pq.write_table(pa.table(columns), tmp_path / "history.parquet", row_group_size=7)
        return readers.read_all(tmp_path / "history.parquet")

    def test_types_and_nulls(self, tmp_path):
        (run,) = self.write(
            tmp_path,
            step=pa.array(range(20), pa.int32()),
            loss=pa.array([float("nan") if i == 3 else i / 8 for i in range(20)], pa.float32()),
            val_loss=pa.array([i / 8 if i % 5 == 0 else None for i in range(20)]),
            seen=pa.array([i * 32 if i != 4 else None for i in range(20)]),
            good=pa.array([True] * 20),
            note=pa.array(["x"] * 20),
        )
        assert run["loss"].step.tolist() == list(range(20))
        assert np.flatnonzero(np.isnan(run["loss"].value)).tolist() == [3]
        assert points(run["val_loss"]) == [(i, i / 8) for i in (0, 5, 10, 15)]
        assert len(run["seen"]) == 19
        assert {s.name for s in run.series} == {"loss", "val_loss", "seen"}

    def test_split_columns_and_nulls_that_stand_for_nan(self, tmp_path):
        (run,) = self.write(
            tmp_path,
            split=pa.array(["train", "val"] * 4).dictionary_encode(),
            step=[0, 0, 1, 1, 2, 2, 3, 3],
            loss=[0.5] * 8,
        )
        assert [s.name for s in run.series] == ["train/loss", "val/loss"]
        (run,) = self.write(
            tmp_path, step=list(range(10)), loss=[0.5, 0.25, 0.75, 2.5, 9.5, 30.5, 99.5, None, None, None]
        )
        assert [(g.kind, g.start, g.stop) for g in run.gaps] == [("empty-cells", 7, 9)]

    def test_one_that_is_cut_short(self, tmp_path):
        self.write(tmp_path, step=[0, 1], loss=[0.5, 0.25])
        path = tmp_path / "history.parquet"
        path.write_bytes(path.read_bytes()[:-9])
        with pytest.raises(DescentryError, match=r"history\.parquet: the Parquet file cannot be read"):
            readers.read_all(path)

    def test_pyarrow_is_asked_for_where_it_is_missing(self, tmp_path, monkeypatch):
        self.write(tmp_path, step=[0, 1], loss=[0.5, 0.25])
        real = builtins.__import__

        def without_pyarrow(name, *args, **options):
            if name.startswith("pyarrow"):
                raise ImportError(name)
            return real(name, *args, **options)

        monkeypatch.setattr(builtins, "__import__", without_pyarrow)
        with pytest.raises(MissingExtraError, match=r"pip install 'descentry\[parquet\]'"):
            readers.read_all(tmp_path / "history.parquet")
