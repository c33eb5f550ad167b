"""Logs as people make them who have never heard of descentry: other languages, odd prints, odd files."""

import gzip
import io
import os
import pickle
import threading

import numpy as np
import pytest

from descentry import readers
from descentry.core import metrics
from descentry.core.errors import NoCurveError, TooLargeError, UnknownFormatError
from descentry.readers import _source

N = 12
LOSS = [round(2.5 * 0.9**i, 4) for i in range(N)]


def lines(pattern):
    return "".join(pattern.format(i=i, x=x) + "\n" for i, x in enumerate(LOSS))


SPOKEN = {
    "German": ("Schritt {i}: Verlust = {x}, Genauigkeit = 0.5", "Verlust"),
    "French": ("étape {i} - perte : {x}", "perte"),
    "Spanish": ("paso {i}: pérdida={x}", "pérdida"),
    "Portuguese": ("passo {i}, perda: {x}", "perda"),
    "Russian": ("шаг {i}: потери = {x}", "потери"),
    "Chinese": ("第{i}步 损失: {x} 准确率: 0.5", "损失"),
    "Chinese, full width": ("迭代 {i} 训练损失：{x}", "训练损失"),
    "Japanese": ("ステップ {i} 損失 {x}", "損失"),
    "Korean": ("스텝 {i} 손실: {x}", "손실"),
    "a letter of one's own": ("it={i:>4d}  L={x:.4e}", "L"),
    "a tensor without a name": ("{i} tensor({x}, device='cuda:0', grad_fn=<NllLossBackward0>)", "tensor"),
}


@pytest.mark.parametrize("case", SPOKEN)
def test_lines_in_any_words(case):
    pattern, name = SPOKEN[case]
    (run,) = readers.from_bytes(lines(pattern).encode())
    assert run[name].value.tolist() == LOSS
    if case != "a tensor without a name":
        assert run[name].step.tolist() == list(range(N))
    assert not {"cuda", "device"} & {s.name for s in run.series}


def test_names_of_nothing_known_need_a_counter_beside_them():
    text = "".join(f"depth: {i} width={i * 2}\n" for i in range(20))
    with pytest.raises(NoCurveError, match="no loss"):
        readers.from_bytes(text.encode())


def test_many_names_of_nothing_known_are_not_guessed_among():
    text = "".join(f"step {i} a=1 b=2 c=3 d=4\n" for i in range(20))
    with pytest.raises(NoCurveError, match="no loss"):
        readers.from_bytes(text.encode())


@pytest.mark.parametrize(
    ("name", "kind", "split"),
    [
        ("negative_log_likelihood", "loss", ""),
        ("log_likelihood", "rising", ""),
        ("验证损失", "loss", "validation"),
        ("train/perte", "loss", "train"),
        ("Val_Genauigkeit", "rising", "validation"),
        ("hits@10", "rising", ""),
        ("пульс", "other", ""),
    ],
)
def test_names_in_many_languages(name, kind, split):
    assert metrics.kind(name) == kind
    assert metrics.split(name) == split


def test_twins_are_found_in_scripts_that_part_no_words():
    assert metrics.base("训练损失") == metrics.base("验证损失")


TABLES = {
    "percent signs": "epoch,accuracy\n" + lines("{i},{x}%"),
    "commas between thousands": 'step,loss\n"1,000",2.5\n"2,000",2.25\n"13,000",2.025\n',
    "semicolons, decimal commas, and names unknown": "Zeit;Wert;Rest\n0;2,5;1,5\n1;2,25;1\n2;2,025;1,5\n",
    "a clock in each row": "epoch     train_loss  valid_loss  time    \n"
    + lines("{i}         {x}    {x}    00:05     "),
}


def test_cells_with_percent_signs_are_numbers():
    (run,) = readers.from_bytes(TABLES["percent signs"].encode())
    assert run["accuracy"].value.tolist() == LOSS


def test_steps_may_have_commas_between_their_thousands():
    (run,) = readers.from_bytes(TABLES["commas between thousands"].encode())
    assert run["loss"].step.tolist() == [1000, 2000, 13000]


def test_a_decimal_comma_parts_no_cells():
    (run,) = readers.from_bytes(TABLES["semicolons, decimal commas, and names unknown"].encode())
    assert run["Wert"].value.tolist() == [2.5, 2.25, 2.025]
    (run,) = readers.from_bytes(b"0;2,5\n1;2,25\n2;2,025\n3;2\n")
    assert run["column 2"].value.tolist() == [2.5, 2.25, 2.025, 2.0]


def test_a_table_that_fastai_prints():
    (run,) = readers.from_bytes(TABLES["a clock in each row"].encode())
    assert run["train_loss"].value.tolist() == LOSS
    assert run["train_loss"].step.tolist() == list(range(N))


def test_a_list_of_named_things_is_no_curve():
    text = "path,licence,n_points\n" + "".join(f"runs/{i}.log,MIT,{30 * i}\n" for i in range(20))
    with pytest.raises(NoCurveError, match=r"one row a run, named by 'path'"):
        readers.from_bytes(text.encode())


def test_rows_may_be_named_by_their_time():
    text = "date,wibble\n" + "".join(f"2024-01-01T00:00:{i:02d}Z,{x}\n" for i, x in enumerate(LOSS))
    (run,) = readers.from_bytes(text.encode())
    assert run["wibble"].value.tolist() == LOSS


# Boxes.


def box(i, x, end="-----------------\n"):
    return (
        f"-----------------\n| rollout/ |  |\n|    ep_rew_mean | {x} |\n| time/ | |\n|    fps | 100 |\n"
        f"|    iterations | {i} |\n|    total_timesteps | {2048 * i} |\n|    learning_r... | 0.001 |\n{end}"
    )


def test_boxes_are_read_by_the_steps_of_the_environment():
    (run,) = readers.from_bytes("".join(box(i, x) for i, x in enumerate(LOSS)).encode())
    series = run["rollout/ep_rew_mean"]
    assert (series.value.tolist(), series.step_name) == (LOSS, "total_timesteps")
    assert series.step.tolist() == [2048 * i for i in range(N)]


def test_a_box_that_is_cut_short_is_left_out():
    text = "".join(box(i, x) for i, x in enumerate(LOSS)) + box(N, 9.9, end="")
    (run,) = readers.from_bytes(text.encode())
    assert run["rollout/ep_rew_mean"].value.tolist() == LOSS
    assert any(gap.kind == "truncated" for gap in run.gaps)


def test_spinning_up_and_baselines_name_their_steps_otherwise():
    text = "".join(
        f"--------------------\n|   Epoch | {i} |\n|  AverageEpRet | {x} |\n"
        f"| TotalEnvInteracts | {i * 4000} |\n--------------------\n"
        for i, x in enumerate(LOSS)
    )
    (run,) = readers.from_bytes(text.encode())
    assert run["AverageEpRet"].step.tolist() == [4000 * i for i in range(N)]


# Packed files and pipes.


def test_what_gzip_packed_is_read_as_what_it_is(tmp_path):
    path = tmp_path / "train.csv.gz"
    path.write_bytes(gzip.compress(("step,loss\n" + lines("{i},{x}")).encode()))
    (run,) = readers.read_all(path)
    assert (run.name, run["loss"].value.tolist()) == ("train", LOSS)
    (run,) = readers.from_stream(io.BytesIO(path.read_bytes()))
    assert run["loss"].value.tolist() == LOSS


def test_what_two_programs_packed_one_after_the_other_is_read_whole(tmp_path):
    half = lines("step {i} loss {x}").splitlines(keepends=True)
    path = tmp_path / "train.log.gz"
    path.write_bytes(b"".join(gzip.compress("".join(part).encode()) for part in (half[:6], half[6:])))
    (run,) = readers.read_all(path)
    assert run["loss"].value.tolist() == LOSS


def test_a_packed_log_that_is_cut_short_is_read_up_to_there(tmp_path):
    text = "".join(f"step {i} loss {x:.6f}\n" for i, x in enumerate(np.random.default_rng(0).random(5000)))
    path = tmp_path / "train.log.gz"
    path.write_bytes(gzip.compress(text.encode())[:-5000])
    (run,) = readers.read_all(path)
    count = len(run["loss"])
    assert 100 < count < 5000
    whole = [float(line.split()[-1]) for line in text.splitlines()[:count]]
    assert run["loss"].value.tolist() == whole


def test_a_bomb_that_gzip_packed_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_source, "MAX_DOCUMENT", 1 << 20)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"0" * (4 << 20)))
    with pytest.raises(TooLargeError, match="packed in it"):
        readers.read_all(path)


def test_a_named_pipe_is_read(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(lines("step {i} loss {x}"),))
    writer.start()
    (run,) = readers.read_all(pipe)
    writer.join()
    assert run["loss"].value.tolist() == LOSS


# NumPy files.


def test_an_array_is_a_curve_named_after_its_file(tmp_path):
    np.save(tmp_path / "losses.npy", np.array(LOSS, dtype=np.float32))
    (run,) = readers.read_all(tmp_path / "losses.npy")
    np.testing.assert_allclose(run["losses"].value, LOSS, rtol=1e-6)


def test_a_matrix_whose_first_column_counts(tmp_path):
    np.save(tmp_path / "log.npy", np.stack([10 * np.arange(N), LOSS], axis=1))
    (run,) = readers.read_all(tmp_path / "log.npy")
    (series,) = run.series
    assert (series.step.tolist(), series.value.tolist()) == ([10 * i for i in range(N)], LOSS)


def test_an_archive_of_arrays(tmp_path):
    np.savez_compressed(
        tmp_path / "history.npz", loss=LOSS, val_loss=LOSS, epoch=np.arange(5, 5 + N), note="nothing"
    )
    (run,) = readers.read_all(tmp_path / "history.npz")
    assert run["loss"].step.tolist() == list(range(5, 5 + N))
    assert {s.name for s in run.series} == {"loss", "val_loss"}
    assert any("note" in gap.what for gap in run.gaps)


class Bomb:
    def __reduce__(self):
        return os.system, ("exit 1",)


def test_a_pickle_is_never_opened(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([Bomb()], dtype=object))
    with pytest.raises(NoCurveError, match="never opened"):
        readers.read_all(tmp_path / "objects.npy")
    (tmp_path / "history.pkl").write_bytes(pickle.dumps(LOSS))
    with pytest.raises(UnknownFormatError, match="never opened"):
        readers.read_all(tmp_path / "history.pkl")


@pytest.mark.parametrize("cut", [20, 100, 150])
def test_a_damaged_array_is_a_clear_error(tmp_path, cut):
    np.save(tmp_path / "a.npy", np.arange(100.0))
    (tmp_path / "b.npy").write_bytes((tmp_path / "a.npy").read_bytes()[:cut])
    with pytest.raises(UnknownFormatError, match="cannot be read"):
        readers.read_all(tmp_path / "b.npy")
