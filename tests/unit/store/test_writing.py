"""The writer and what is read back, without trouble: values, metrics, threads, names, memory."""

import argparse
import dataclasses
import threading
import warnings

import numpy as np
import pytest

from descentry.store import reading
from descentry.store._rows import decode, encode
from descentry.store.writing import RunWriter

INF, NAN = float("inf"), float("nan")


@pytest.fixture
def writer(tmp_path):
    opened = RunWriter.open(tmp_path / "run")
    yield opened
    opened.close()


def stored(writer):
    writer.close()
    return reading.read(writer.folder)


def test_every_number_comes_back_as_it_was(writer):
    values = [0.1, 1 / 3, INF, -INF, NAN, 5e-324, -0.0, 1.7976931348623157e308, 3]
    steps = [0, 1, 2, 3, 2**40, 2**62, -5, 7, 7]
    for number, (step, value) in enumerate(zip(steps, values, strict=True)):
        writer.add(step, {"loss": value}, 1.7e9 + number / 3)
    loss = stored(writer).series["loss"]
    assert loss.step.tolist() == steps
    np.testing.assert_array_equal(loss.value, values)
    assert np.signbit(loss.value[6])
    assert loss.time.tolist() == [1.7e9 + number / 3 for number in range(9)]


@pytest.mark.parametrize("flush_every", [1, 3, 100, 10_000])
def test_metrics_logged_in_any_company_keep_their_order(writer, flush_every):
    wanted = {}
    for step in range(2000):
        together = {"loss": step * 0.5} | ({"lr": 0.1 * step} if step % 3 else {})
        together |= {"val/loss": -step} if step % 100 == 0 else {}
        if step % 7 == 0:
            together = dict(reversed(together.items()))
        writer.add(step, together)
        for name, value in together.items():
            wanted.setdefault(name, []).append((step, value))
        if step % flush_every == 0:
            writer.flush()
    series = stored(writer).series
    assert {n: list(zip(p.step.tolist(), p.value.tolist(), strict=True)) for n, p in series.items()} == wanted
    assert all((p.row[1:] > p.row[:-1]).all() for p in series.values())


def test_slow_runs_do_not_become_a_chunk_a_point(writer):
    for step in range(500):
        writer.add(step, {"loss": step})
        writer.flush()
    (chunks,) = writer._disk.connection.execute("SELECT count(*) FROM chunks").fetchone()
    assert chunks < 10
    assert stored(writer).series["loss"].step.tolist() == list(range(500))


def test_threads_may_log_at_once(writer):
    def log(which):
        for step in range(5000):
            writer.add(step, {f"loss/{which}": step, "of": which})

    threads = [threading.Thread(target=log, args=(which,)) for which in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    series = stored(writer).series
    for which in range(6):
        assert series[f"loss/{which}"].value.tolist() == list(range(5000))
    assert np.bincount(series["of"].value.astype(int)).tolist() == [5000] * 6


def test_what_is_no_number_is_left_out_and_named_once(writer):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in range(50):
            writer.add(step, {"loss": 1.0, "sample": "text", "grad": None, "grid": np.ones(3)})
    assert sorted(str(w.message) for w in caught) == [
        "descentry: metric 'grad' is no number but None: it is not recorded",
        "descentry: metric 'grid' is no number but a ndarray of shape (3,): it is not recorded",
        "descentry: metric 'sample' is no number but a str: it is not recorded",
    ]
    series = stored(writer).series
    assert list(series) == ["loss"]
    assert len(series["loss"].step) == 50


@pytest.mark.parametrize("step", [None, "3", 2.5, NAN, 2**63, [1], object()])
def test_what_is_no_step_is_left_out(writer, step):
    writer.add(1, {"loss": 1.0})
    with pytest.warns(RuntimeWarning, match="a whole number"):
        writer.add(step, {"loss": 2.0})
    writer.add(2, {"loss": 3.0})
    assert stored(writer).series["loss"].value.tolist() == [1.0, 3.0]


@pytest.mark.parametrize("values", [None, 3.0, ["loss"], "loss"])
def test_what_is_no_mapping_is_left_out(writer, values):
    with pytest.warns(RuntimeWarning, match="metrics by name"):
        writer.add(1, values)
    writer.add(2, {})
    assert not stored(writer).series


def test_nothing_is_raised_where_warnings_are_errors(writer):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        writer.add("no step", {"loss": 1.0})
        writer.add(1, {"loss": "no number", "lr": 0.5})
    assert list(stored(writer).series) == ["lr"]


def test_numbers_of_other_kinds_are_numbers(writer):
    values = [True, np.float32(0.5), np.int64(3), np.array(2.5), np.array([4.5]), 10**400, -(10**400)]
    for step, value in enumerate(values):
        writer.add(np.int32(step), {"loss": value})
    assert stored(writer).series["loss"].value.tolist() == [1.0, 0.5, 3.0, 2.5, 4.5, INF, -INF]


def test_names_of_any_kind_are_kept(writer):
    names = ["η/损失", 'quoted "name"', "with\nnewline", "\ud800", "", "x" * 5000, "a,b;c"]
    writer.add(1, dict.fromkeys(names, 1.0))
    assert set(stored(writer).series) == set(names)


def test_ever_new_combinations_do_not_grow_for_ever(writer, monkeypatch):
    monkeypatch.setattr("descentry.store._intake.MAX_GROUPS", 8)
    for step in range(200):
        writer.add(step, {f"m{n}": step for n in range(10) if step >> (n % 8) & 1} or {"none": step})
    assert len(writer._groups) < 30
    series = stored(writer).series
    for n in range(10):
        assert series[f"m{n}"].step.tolist() == [s for s in range(200) if s >> (n % 8) & 1]


def test_ever_new_names_do_not_grow_for_ever(writer, monkeypatch):
    monkeypatch.setattr("descentry.store._intake.MAX_METRICS", 50)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in range(200):
            writer.add(step, {"loss": step, f"sample/{step}": 1.0})
    (said,) = caught
    assert "more than 50 different metrics" in str(said.message)
    series = stored(writer).series
    assert len(series) == 50
    assert series["loss"].step.tolist() == list(range(200))


def test_settings_come_as_people_keep_them(tmp_path):
    @dataclasses.dataclass
    class Model:
        width: int
        name: str

    config = argparse.Namespace(
        lr=0.1, layers=(64, 32), model=Model(8, "mlp"), path=tmp_path, dtype=np.float32, rate=np.float32(0.5)
    )
    RunWriter.open(tmp_path / "run", config=config).close()
    assert reading.read(tmp_path / "run").config == {
        "lr": 0.1,
        "layers": [64, 32],
        "model": {"width": 8, "name": "mlp"},
        "path": str(tmp_path),
        "dtype": "<class 'numpy.float32'>",
        "rate": 0.5,
    }


def test_settings_that_hold_themselves_do_no_harm(tmp_path):
    config = {"lr": 0.1}
    config["self"] = config
    RunWriter.open(tmp_path / "run", config=config).close()
    assert reading.read(tmp_path / "run").config["lr"] == 0.1


def test_the_journal_keeps_what_is_put_into_it(writer):
    writer.event("finding", {"behaviour": "spike", "steps": [3, 4], "size": NAN}, step=4)
    writer.event("note", "moved to the other machine")
    first, second = stored(writer).journal
    assert (first.kind, first.step, first.data["behaviour"], first.data["steps"]) == (
        "finding",
        4,
        "spike",
        [3, 4],
    )
    assert np.isnan(first.data["size"])
    assert (second.kind, second.step, second.data) == ("note", None, "moved to the other machine")


def test_after_the_close_nothing_happens(writer):
    writer.add(1, {"loss": 1.0})
    writer.close()
    writer.add(2, {"loss": 2.0})
    writer.event("note", "late")
    writer.flush()
    writer.close()
    assert reading.read(writer.folder).series["loss"].step.tolist() == [1]
    assert not reading.read(writer.folder).journal
    assert writer.snapshot().series["loss"].step.tolist() == [1]


def test_a_second_run_goes_beside_the_first(tmp_path):
    folders = []
    for _ in range(3):
        writer = RunWriter.open(tmp_path / "exp")
        folders.append(writer.folder)
        writer.close()
    assert folders == [tmp_path / "exp", tmp_path / "exp-2", tmp_path / "exp-3"]


def test_a_run_may_live_in_a_folder_that_is_there(tmp_path):
    (tmp_path / "exp").mkdir()
    (tmp_path / "exp" / "model.pt").write_bytes(b"weights")
    writer = RunWriter.open(tmp_path / "exp")
    writer.close()
    assert writer.folder == tmp_path / "exp"


def test_a_folder_of_runs_gets_a_run_inside(tmp_path):
    RunWriter.open(tmp_path, name="exp").close()
    assert reading.read(tmp_path / "exp").name == "exp"
    writer = RunWriter.open(tmp_path)
    writer.close()
    assert writer.folder.parent == tmp_path
    assert not (tmp_path / "run.sqlite").exists()


def test_somebody_elses_file_is_left_alone(tmp_path):
    (tmp_path / "run.sqlite").write_bytes(b"not a run")
    for resume in (False, True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            writer = RunWriter.open(tmp_path, name=".", resume=resume)
        writer.close()
        assert writer.folder != tmp_path
    assert (tmp_path / "run.sqlite").read_bytes() == b"not a run"


def test_a_resume_joins_and_adds_to_the_settings(tmp_path):
    first = RunWriter.open(tmp_path / "run", config={"lr": 0.1, "seed": 1}, resume=True)
    first.add(1, {"loss": 1.0})
    first.close()
    second = RunWriter.open(tmp_path / "run", config={"lr": 0.01}, resume=True)
    assert second.folder == tmp_path / "run"
    second.add(2, {"loss": 2.0, "lr": 0.01})
    run = stored(second)
    assert run.config == {"lr": 0.01, "seed": 1}
    assert run.series["loss"].step.tolist() == [1, 2]
    assert [launch.first_row for launch in run.launches] == [0, 1]


@pytest.mark.parametrize("differences", [False, True])
def test_encoding_is_exact(differences):
    floats = np.array([0.0, -0.0, NAN, INF, -INF, 1e308, 5e-324, np.pi])
    whole = np.array([0, 2**63 - 1, -(2**63), -1, 7])
    np.testing.assert_array_equal(
        decode(encode(floats, differences=differences), (8,), "<f8", differences=differences).view("<i8"),
        floats.view("<i8"),
    )
    np.testing.assert_array_equal(
        decode(encode(whole, differences=differences), (5,), "<i8", differences=differences), whole
    )
    grid = np.arange(12.0).reshape(3, 4).T
    np.testing.assert_array_equal(decode(encode(grid), (4, 3), "<f8"), grid)


MEMORY = """
from descentry.store import _intake
_intake.EASE_SECONDS = 300.0  # a disk that is slow for a while is not what is looked for here

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
writer = RunWriter.open(sys.argv[1] if len(sys.argv) > 1 else None)
calls = int(os.environ["CALLS"])
seen = []
for step in range(calls):
    writer.add(step, {"loss": step * 0.5, "lr": 0.1, "grad_norm": 1.0})
    if step % (calls // 10) == calls // 10 - 1:
        seen.append(resident())
said(*seen)
"""


def grown(process, monkeypatch, calls, *arguments):
    monkeypatch.setenv("CALLS", str(calls))
    out, errors = process(MEMORY, *arguments).communicate()
    seen = [int(word) for word in out.split()]
    assert len(seen) == 10, errors
    return max(seen[3:]) - seen[2], seen


@pytest.mark.parametrize("where", ["disk", pytest.param("memory", marks=pytest.mark.slow)])
def test_memory_is_flat(process, monkeypatch, tmp_path, where):
    pytest.importorskip("resource")
    # 64 MiB of rows are kept in memory, and half as much again while they are thinned.
    growth, seen = grown(
        process,
        monkeypatch,
        1_000_000 if where == "disk" else 6_000_000,
        *([tmp_path / "run"] if where == "disk" else []),
    )
    assert growth < (32 if where == "disk" else 64), seen


@pytest.mark.slow
def test_memory_is_flat_over_ten_million_calls(process, monkeypatch, tmp_path):
    pytest.importorskip("resource")
    growth, seen = grown(process, monkeypatch, 10_000_000, tmp_path / "run")
    assert growth < 32, seen
    assert len(reading.read(tmp_path / "run").series["loss"].step) == 10_000_000
