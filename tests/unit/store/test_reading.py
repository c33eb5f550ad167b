"""Reading what is odd: cut, damaged, hostile. A clear error or right numbers, and nothing else."""

import random
import shutil
import sqlite3
import zlib

import numpy as np
import pytest

from descentry import readers
from descentry.core.errors import DescentryError, TooLargeError
from descentry.store import reading
from descentry.store.writing import RunWriter

STEPS = 3000


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished") / "exp"
    writer = RunWriter.open(folder, config={"lr": 0.1})
    for step in range(STEPS):
        writer.add(step, {"loss": step * 0.5, "lr": 0.1}, 1.7e9 + step)
        if step % 100 == 0:
            writer.add(step, {"val/loss": step * 0.25}, 1.7e9 + step)
        if step % 700 == 0:
            writer.flush()
    writer.event("note", "fine so far", step=3)
    writer.close()
    return folder


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "exp")


def check_right(stored):
    """Whatever is there is right."""
    slope = {"loss": 0.5, "val/loss": 0.25}
    for name, points in stored.series.items():
        if name in slope:
            np.testing.assert_array_equal(points.value, points.step * slope[name])
            assert set(points.step.tolist()) <= set(range(STEPS))


def test_the_file_alone_is_the_run(finished, tmp_path):
    shutil.copy(finished / "run.sqlite", tmp_path / "mailed.db")
    (run,) = readers.read_all(tmp_path / "mailed.db")
    assert (run.name, run.reader, run.config, run.gaps) == ("exp", "run-file", {"lr": 0.1}, ())
    assert run["loss"].step.tolist() == list(range(STEPS))


def test_a_run_may_come_through_a_pipe(finished):
    (run,) = readers.from_bytes((finished / "run.sqlite").read_bytes())
    assert run["val/loss"].step.tolist() == list(range(0, STEPS, 100))


def test_a_copy_of_a_running_folder_is_read(tmp_path):
    writer = RunWriter.open(tmp_path / "exp")
    writer.add(1, {"loss": 0.5})
    writer.flush()
    shutil.copytree(tmp_path / "exp", tmp_path / "backup")
    writer.close()
    assert reading.read(tmp_path / "backup").series["loss"].value.tolist() == [0.5]


def test_other_folders_are_no_runs(tmp_path):
    connection = sqlite3.connect(tmp_path / "run.sqlite")
    connection.execute("CREATE TABLE run (id)")
    connection.commit()
    connection.close()
    with pytest.raises(DescentryError, match="no log of a training run"):
        readers.read_all(tmp_path)
    with pytest.raises(DescentryError, match="not the file of a run"):
        reading.read(tmp_path)


def test_runs_below_a_folder_are_all_read(copy):
    shutil.copytree(copy, copy.with_name("other"))
    assert [run.name for run in readers.read_all(copy.parent)] == ["exp", "other"]


def test_a_run_without_numbers_says_so(tmp_path):
    RunWriter.open(tmp_path / "exp").close()
    with pytest.raises(DescentryError, match="there are no metrics in it"):
        readers.read_all(tmp_path / "exp")


def test_a_file_that_was_cut_is_an_error_or_right(copy):
    whole = (copy / "run.sqlite").read_bytes()
    for end in range(0, len(whole), 997):
        (copy / "run.sqlite").write_bytes(whole[:end])
        try:
            check_right(reading.read(copy))
        except DescentryError:
            continue


def test_damage_is_an_error_or_left_out_never_a_wrong_number(copy):
    whole = (copy / "run.sqlite").read_bytes()
    dice = random.Random(7)
    noticed = 0
    for _ in range(300):
        spoilt = bytearray(whole)
        for _ in range(dice.choice([1, 1, 4, 64])):
            spoilt[dice.randrange(100, len(whole))] ^= dice.randrange(1, 256)
        (copy / "run.sqlite").write_bytes(spoilt)
        try:
            stored = reading.read(copy)
            check_right(stored)
            noticed += stored.damaged > 0
        except DescentryError:
            noticed += 1
    assert noticed > 100


def test_damaged_chunks_are_left_out_and_counted(copy):
    connection = sqlite3.connect(copy / "run.sqlite")
    connection.execute("UPDATE chunks SET value = zeroblob(100) WHERE id = 2")
    connection.commit()
    connection.close()
    assert reading.read(copy).damaged == 1
    (run,) = readers.read_all(copy)
    assert [(g.kind, g.count) for g in run.gaps] == [("corrupt", 1)]
    assert sum(len(series) for series in run.series) < 2 * STEPS + STEPS // 100


def change(folder, statement, *values):
    connection = sqlite3.connect(folder / "run.sqlite")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE launches SET pid = 'x'",
        "UPDATE launches SET heartbeat = 'x'",
        "UPDATE journal SET time = 'x'",
        "DROP TABLE chunks",
        "ALTER TABLE chunks RENAME COLUMN step TO steps",
    ],
)
def test_rows_of_the_wrong_kind_are_a_clear_error(copy, statement):
    change(copy, statement)
    with pytest.raises(DescentryError, match="the run cannot be read"):
        readers.read_all(copy)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE run SET config = '['",
        "UPDATE run SET config = '[1, 2]'",
        "UPDATE journal SET data = 'nonsense', step = 'x'",
        'UPDATE journal SET kind = \'gap\', data = \'{"count": "x", "what": [1]}\'',
        "UPDATE groups SET names = '{}' WHERE id = 1",
        "UPDATE groups SET names = '[[1]]' WHERE id = 2",
        "UPDATE chunks SET count = 'x' WHERE id = 2",
        "UPDATE chunks SET count = -5 WHERE id = 2",
        "UPDATE chunks SET step = 'text' WHERE id = 2",
        "UPDATE launches SET started = 1e300, host = char(27) || '[31m', ended = NULL",
        "DELETE FROM launches",
        "DELETE FROM run",
    ],
)
def test_rows_that_make_no_sense_do_not_keep_the_rest_from_being_read(copy, statement):
    change(copy, statement)
    (run,) = readers.read_all(copy)
    assert run.series
    assert all(gap.what.isprintable() for gap in run.gaps)


def test_a_deeply_nested_setting_is_passed_over(copy):
    change(copy, "UPDATE run SET config = ?", '{"a":' * 100_000 + "1" + "}" * 100_000)
    assert readers.read_all(copy)[0].config == {}


def test_a_bomb_does_not_go_off(copy):
    change(copy, "UPDATE chunks SET count = 1000000000000 WHERE id = 1")
    with pytest.raises(TooLargeError, match="numbers in it"):
        readers.read_all(copy)


def test_a_blob_that_swells_is_damaged(copy):
    change(copy, "UPDATE chunks SET step = ? WHERE id = 1", zlib.compress(bytes(50_000_000), 9))
    assert reading.read(copy).damaged == 1


def test_a_view_that_never_ends_is_no_table(copy):
    change(copy, "ALTER TABLE journal RENAME TO old")
    change(
        copy,
        "CREATE VIEW journal AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
        "SELECT x AS id, x AS time, x AS step, 'note' AS kind, 'null' AS data FROM n",
    )
    with pytest.raises(DescentryError, match="its tables are not those of a run"):
        readers.read_all(copy)


def test_reading_changes_nothing(finished):
    before = {p.name: p.read_bytes() for p in finished.iterdir()}
    readers.read_all(finished)
    assert {p.name: p.read_bytes() for p in finished.iterdir()} == before
