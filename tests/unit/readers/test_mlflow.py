"""MLflow's stores: trees of files, single metric files, and the database with its true schema."""

from __future__ import annotations

import contextlib
import math
import shutil
import sqlite3

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descentry import readers
from descentry.core.errors import DescentryError, NoCurveError, UnknownFormatError
from descentry.readers import _readonly_sqlite, mlflow_files, mlflow_metric_file, mlflow_sqlite
from descentry.readers._source import Source

# As MLflow 3 creates them, without the tables for traces and models.
SCHEMA = """
CREATE TABLE experiments (
    experiment_id INTEGER NOT NULL, name VARCHAR(256) NOT NULL, artifact_location VARCHAR(256),
    lifecycle_stage VARCHAR(32), creation_time BIGINT, last_update_time BIGINT,
    CONSTRAINT experiment_pk PRIMARY KEY (experiment_id)
);
CREATE TABLE "runs" (
    run_uuid VARCHAR(32) NOT NULL, name VARCHAR(250), source_type VARCHAR(20), source_name VARCHAR(500),
    entry_point_name VARCHAR(50), user_id VARCHAR(256), status VARCHAR(9), start_time BIGINT, end_time BIGINT,
    source_version VARCHAR(50), lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200), experiment_id INTEGER,
    deleted_time BIGINT,
    CONSTRAINT run_pk PRIMARY KEY (run_uuid),
    CONSTRAINT runs_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')),
    FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id)
);
CREATE TABLE "metrics" (
    "key" VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT NOT NULL,
    run_uuid VARCHAR(32) NOT NULL, step BIGINT DEFAULT '0' NOT NULL, is_nan BOOLEAN DEFAULT '0' NOT NULL,
    CONSTRAINT metric_pk PRIMARY KEY ("key", timestamp, step, run_uuid, value, is_nan),
    FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid), CHECK (is_nan IN (0, 1))
);
CREATE TABLE "latest_metrics" (
    "key" VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT, step BIGINT NOT NULL,
    is_nan BOOLEAN NOT NULL, run_uuid VARCHAR(32) NOT NULL,
    CONSTRAINT latest_metric_pk PRIMARY KEY ("key", run_uuid)
);
CREATE TABLE "params" (
    "key" VARCHAR(250) NOT NULL, value VARCHAR(8000) NOT NULL, run_uuid VARCHAR(32) NOT NULL,
    CONSTRAINT param_pk PRIMARY KEY ("key", run_uuid)
);
CREATE TABLE "tags" (
    "key" VARCHAR(250) NOT NULL, value VARCHAR(8000), run_uuid VARCHAR(32) NOT NULL,
    CONSTRAINT tag_pk PRIMARY KEY ("key", run_uuid)
);
CREATE INDEX index_metrics_run_uuid ON metrics (run_uuid);
CREATE INDEX index_metrics_run_uuid_key_step ON metrics (run_uuid, key, step);
"""
NOW = 1_700_000_000_000
LOG = [(10 * i, 2.0 / (i + 1)) for i in range(20)]
OTHER = [(step, value + 0.5) for step, value in LOG[:7]]


def lines(rows, start=NOW, every=1000):
    return "".join(f"{start + every * i} {value} {step}\n" for i, (step, value) in enumerate(rows))


def add_run(experiment, id_, metrics, name="", stage="active", start=NOW, params=()):
    """A run as the file store lays it out."""
    run = experiment / id_
    for key, text in metrics.items():
        path = run / "metrics" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (run / "metrics").mkdir(parents=True, exist_ok=True)
    (run / "params").mkdir()
    for key, value in params:
        (run / "params" / key).write_text(value)
    about = [
        "artifact_uri: file:///home/me/mlruns/artifacts", "end_time: null", "entry_point_name: ''",
        "experiment_id: '0'", f"lifecycle_stage: {stage}", f"run_id: {id_}", f"run_name: {name}",
        f"start_time: {start}", "tags: []",
    ]  # fmt: skip
    (run / "meta.yaml").write_text("\n".join(about) + "\n")
    return run


@pytest.fixture
def tree(tmp_path):
    """Two experiments, four runs; one run is deleted, one logged nothing, two have the same name."""
    for number in "01":
        experiment = tmp_path / "mlruns" / number
        experiment.mkdir(parents=True)
        about = f"artifact_location: x\nexperiment_id: '{number}'\nlifecycle_stage: active\nname: exp\n"
        (experiment / "meta.yaml").write_text(about)
    (tmp_path / "mlruns" / ".trash").mkdir()
    first, second = tmp_path / "mlruns" / "0", tmp_path / "mlruns" / "1"
    own = {"train/loss": lines(LOG), "val_loss": lines(LOG[::5], every=5000)}
    add_run(first, "aaaa1111aaaa", own, "baseline", start=NOW + 5, params=[("lr", "0.1"), ("opt", "adam")])
    add_run(first, "bbbb2222bbbb", {"train/loss": lines(LOG[:3])}, "gone", stage="deleted")
    add_run(second, "cccc3333cccc", {"train/loss": lines(OTHER)}, "baseline", start=NOW + 2)
    add_run(second, "dddd4444dddd", {}, "empty")
    return tmp_path / "mlruns"


def check_log(series, rows=LOG):
    assert series.step.tolist() == [step for step, _ in rows]
    np.testing.assert_array_equal(series.value, [value for _, value in rows])


def test_a_tree_gives_its_live_runs_in_the_order_of_their_start(tree):
    runs = readers.read_all(tree)
    assert [run.name for run in runs] == ["baseline (cccc3333)", "baseline (aaaa1111)"]
    assert {run.reader for run in runs} == {"mlflow-files"}
    check_log(runs[1]["train/loss"])
    check_log(runs[1]["val_loss"], LOG[::5])
    check_log(runs[0]["train/loss"], OTHER)
    assert runs[1].config == {"lr": "0.1", "opt": "adam"}
    assert runs[1]["train/loss"].time[:2].tolist() == [NOW / 1000, NOW / 1000 + 1]


def test_a_folder_that_holds_a_tree(tree):
    (tree.parent / "train.py").write_text("print('loss: 3')")
    assert len(readers.read_all(tree.parent)) == 2


def test_one_experiment_and_one_run(tree):
    assert [run.name for run in readers.read_all(tree / "0")] == ["baseline"]
    check_log(readers.read(tree / "0" / "aaaa1111aaaa")["train/loss"])
    # Asked for by its own path, a deleted run is read.
    check_log(readers.read(tree / "0" / "bbbb2222bbbb")["train/loss"], LOG[:3])


def test_a_run_is_named_by_its_tag(tree):
    run = tree / "0" / "aaaa1111aaaa"
    (run / "tags").mkdir()
    (run / "tags" / "mlflow.runName").write_text("renamed later")
    assert readers.read(run).name == "renamed later"


def test_a_copied_run_without_its_meta_file(tree):
    run = shutil.copytree(tree / "0" / "aaaa1111aaaa", tree.parent / "copy")
    (run / "meta.yaml").unlink()
    found = readers.read(run)
    assert (found.reader, found.name) == ("mlflow-files", "copy")
    check_log(found["train/loss"])


def test_a_tree_without_metrics_says_how_many_runs_there_are(tree):
    with pytest.raises(NoCurveError, match="no run in this MLflow folder") as caught:
        readers.read(tree / "1" / "dddd4444dddd")
    assert caught.value.found == ("empty",)


def test_other_folders_are_not_mlflow(tmp_path):
    for folder in ("metrics", "plots/metrics"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "metrics" / "notes.txt").write_text("accuracy was fine")
    (tmp_path / "meta.yaml").write_text("name: my project\n")
    assert mlflow_files.READER.sniff(Source(tmp_path)) == 0


def metric(text, name="loss"):
    (run,) = readers.from_bytes(text.encode(), name=name)
    assert run.reader == "mlflow-metric"
    return run, run.series[0]


def test_a_metric_file_on_its_own(tmp_path):
    path = tmp_path / "loss"
    path.write_text(lines(LOG))
    run = readers.read(path)
    assert run.reader == "mlflow-metric"
    check_log(run["loss"])


def test_a_metric_file_inside_a_run_has_the_metrics_name(tree):
    run = readers.read(tree / "0" / "aaaa1111aaaa" / "metrics" / "train" / "loss")
    check_log(run["train/loss"])


def test_nan_and_infinities_stay():
    rows = [(0, 1.0), (1, math.nan), (2, math.inf), (3, -math.inf), (4, 1e-300)]
    np.testing.assert_array_equal(metric(lines(rows))[1].value, [value for _, value in rows])


def test_lines_of_old_and_new_versions():
    _, series = metric(f"{NOW} 0.5\n{NOW + 1} 0.25\n")
    assert series.value.tolist() == [0.5, 0.25]
    _, series = metric(f"{NOW} 0.5 10 train_data 1a2b3c\n{NOW + 1} 0.25 20 train_data 1a2b3c\n")
    assert series.step.tolist() == [10, 20]


def test_lines_that_make_no_sense_are_counted():
    whole = lines(LOG).splitlines(keepends=True)
    whole[7] = whole[7][:10] + "\n\n"  # a line cut short, and an empty one
    run, series = metric("".join([*whole[:3], "what is this\n", *whole[3:]]))
    check_log(series, LOG[:7] + LOG[8:])
    (gap,) = run.gaps
    assert (gap.kind, gap.count) == ("bad-lines", 2)


def test_an_unfinished_last_line_is_left_out():
    """Cut short, ``… 190`` would be a good line of step 19."""
    for cut in range(1, 6):
        run, series = metric(lines(LOG)[:-cut])
        check_log(series, LOG[:-1])
        assert [gap.kind for gap in run.gaps] == ["truncated"]


def test_cut_anywhere_gives_the_points_before():
    data = lines(LOG).encode()
    for cut in range(len(data)):
        (draft,) = mlflow_metric_file.READER.read(Source(None, name="loss", data=data[:cut]))
        whole = data[:cut].count(b"\n")
        assert [t.value.tolist() for t in draft.tracks] == ([[v for _, v in LOG[:whole]]] if whole else [])


@given(content=st.binary(max_size=200))
def test_any_bytes_in_a_metric_file_are_survived(content):
    for data in (content, lines(LOG).encode() + content):
        source = Source(None, name="loss", data=data)
        mlflow_metric_file.READER.sniff(source)
        mlflow_metric_file.READER.read(source)


def test_points_without_a_step_are_numbered_by_their_time():
    shuffled = [*range(5, 10), *range(5)]
    run, series = metric("".join(f"{NOW + 1000 * i} {i}.0 0\n" for i in shuffled))
    assert series.value.tolist() == list(range(10))
    assert series.step.tolist() == list(range(10))
    assert series.step_name == "row"
    assert [gap.kind for gap in run.gaps] == ["no-step"]


def test_a_run_that_never_gives_a_step_counts_by_the_metric_logged_most(tree):
    loss = "".join(f"{NOW + 1000 * i} {i} 0\n" for i in range(40))
    accuracy = "".join(f"{NOW + 1000 * i + 1} {i} 0\n" for i in range(40))
    evaluated = "".join(f"{NOW + 1000 * i + 2} {i} 0\n" for i in range(9, 40, 10))
    run = add_run(tree / "1", "eeee", {"loss": loss, "accuracy": accuracy, "val_loss": evaluated}, "stepless")
    found = readers.read(run)
    assert found["loss"].step.tolist() == found["accuracy"].step.tolist() == list(range(40))
    assert found["val_loss"].step.tolist() == [9, 19, 29, 39]


def test_a_metric_without_steps_beside_others_is_placed_by_its_time(tree):
    final = f"{NOW + 1000 * 19 + 3} 0.9 0\n"
    epochs = "".join(f"{NOW + 1000 * i + 1} {i // 5} 0\n" for i in range(4, 20, 5))
    run = add_run(tree / "1", "ffff", {"loss": lines(LOG), "test_accuracy": final, "epoch": epochs}, "mixed")
    found = readers.read(run)
    check_log(found["loss"])
    assert found["test_accuracy"].step.tolist() == [190]
    assert found["epoch"].step.tolist() == [40, 90, 140, 190]
    (gap,) = [gap for gap in found.gaps if gap.kind == "no-step"]
    assert "test_accuracy" in gap.what
    assert "epoch" in gap.what


def test_a_resumed_run_replaces_what_it_repeats(tree):
    rows = [(step, value + 1) for step, value in LOG[8:]]
    text = lines(LOG[:12]) + lines(rows, start=NOW + 100_000)
    found = readers.read(add_run(tree / "1", "abab", {"loss": text, "lr": text}, "resumed"))
    check_log(found["loss"], LOG[:8] + rows)
    check_log(found["lr"], LOG[:8] + rows)
    assert "resume" in [gap.kind for gap in found.gaps]


def points(key, run, rows):
    """Rows of the table of metrics, values as MLflow stores them."""
    largest = 1.7976931348623157e308
    for i, (step, value) in enumerate(rows):
        stored = 0.0 if math.isnan(value) else max(-largest, min(largest, value))
        yield key, stored, NOW + 1000 * i, run, step, math.isnan(value)


@contextlib.contextmanager
def changing(path):
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        yield database


def insert(database, table, columns, rows):
    database.executemany(
        f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(columns.split(',')))})", rows
    )


def insert_points(database, *arguments):
    insert(database, "metrics", "key, value, timestamp, run_uuid, step, is_nan", points(*arguments))


BLOWN_UP = [*LOG[:5], (50, math.nan), (60, math.inf), (70, -math.inf)]


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "mlflow.db"
    with changing(path) as database:
        database.executescript(SCHEMA)
        runs = [
            ("bbbb", "second", NOW + 9, "active"), ("aaaa", "first", NOW, "active"),
            ("cccc", "gone", NOW, "deleted"), ("dddd", "empty", NOW, "active"),
        ]  # fmt: skip
        insert(database, "runs", "run_uuid, name, start_time, lifecycle_stage", runs)
        insert(database, "params", "key, value, run_uuid", [("lr", "0.1", "aaaa"), ("lr", "0.2", "bbbb")])
        insert(
            database,
            "latest_metrics",
            "key, value, timestamp, step, is_nan, run_uuid",
            [("loss", 9.0, NOW, 999, 0, "aaaa")],
        )
        insert_points(database, "loss", "aaaa", LOG)
        insert_points(database, "val/loss", "bbbb", LOG[::2])
        insert_points(database, "loss", "bbbb", BLOWN_UP)
        insert_points(database, "loss", "cccc", LOG)
    return path


def test_a_database_gives_its_live_runs(store):
    before = store.read_bytes()
    first, second = readers.read_all(store)
    assert (first.name, second.name, first.reader) == ("first", "second", "mlflow-sqlite")
    assert (first.config, second.config) == ({"lr": "0.1"}, {"lr": "0.2"})
    check_log(first["loss"])
    check_log(second["loss"], BLOWN_UP)
    check_log(second["val/loss"], LOG[::2])
    assert first["loss"].time[1] == NOW / 1000 + 1
    assert store.read_bytes() == before
    assert list(store.parent.iterdir()) == [store]


def test_a_database_from_a_pipe_or_beside_a_tree(store, tree):
    assert [run.name for run in readers.from_bytes(store.read_bytes())] == ["first", "second"]
    found = [run.reader for run in readers.read_all(store.parent)]
    assert found.count("mlflow-sqlite") == found.count("mlflow-files") == 2


def test_a_run_of_old_versions_is_named_by_its_tag(store):
    with changing(store) as database:
        database.execute("UPDATE runs SET name = '' WHERE run_uuid = 'aaaa'")
        database.execute("INSERT INTO tags VALUES ('mlflow.runName', 'by tag', 'aaaa')")
    assert readers.read_all(store)[0].name == "by tag"


def test_points_stored_out_of_order_are_put_in_the_order_of_their_time(store):
    with changing(store) as database:
        database.execute("DELETE FROM metrics")
        insert(
            database,
            "metrics",
            "key, value, timestamp, run_uuid, step, is_nan",
            reversed(list(points("loss", "aaaa", LOG))),
        )
    check_log(readers.read(store)["loss"])


def test_points_of_one_moment_stay_in_the_order_in_which_they_were_logged(store):
    """The index of the table would sort them by value."""
    with changing(store) as database:
        database.execute("DELETE FROM metrics")
        burst = [("loss", value, NOW, "aaaa", 0, 0) for value in (3.0, 1.0, 2.0, 0.5)]
        insert(database, "metrics", "key, value, timestamp, run_uuid, step, is_nan", burst)
        database.execute("ANALYZE")
    assert readers.read(store)["loss"].value.tolist() == [3.0, 1.0, 2.0, 0.5]


def test_newest_rows_in_a_write_ahead_log_are_read(store):
    with contextlib.closing(sqlite3.connect(store)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("INSERT INTO metrics VALUES ('loss', 0.5, ?, 'aaaa', 500, 0)", (NOW + 10**6,))
        database.commit()
        assert readers.read_all(store)[0]["loss"].step[-1] == 500


def test_a_database_that_is_being_written_to_says_so(store, monkeypatch):
    monkeypatch.setattr(_readonly_sqlite, "_PATIENCE", 0.01)
    with changing(store) as database:
        database.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DescentryError, match="another program is writing"):
            readers.read_all(store)


def test_a_writer_that_stopped_halfway_is_not_believed(store):
    copy = store.with_name("mlflow-copy.db")
    with contextlib.closing(sqlite3.connect(store)) as database:
        database.execute("PRAGMA cache_size = 2")
        with database:
            insert_points(database, "grown", "aaaa", [(step, 1.0) for step in range(3000)])
        database.execute("UPDATE metrics SET value = 7")
        shutil.copy(store, copy)
        shutil.copy(f"{store}-journal", f"{copy}-journal")
        database.rollback()
    with pytest.raises(UnknownFormatError, match="half changed"):
        readers.read_all(copy)


def test_other_databases_are_not_mlflow(tmp_path):
    path = tmp_path / "other.db"
    with changing(path) as database:
        database.execute("CREATE TABLE runs (id INTEGER, loss FLOAT)")
    assert mlflow_sqlite.READER.sniff(Source(path)) == 0
    with pytest.raises(UnknownFormatError):
        readers.read(path)
    with pytest.raises(UnknownFormatError, match="holds no MLflow runs"):
        mlflow_sqlite.READER.read(Source(path))


def test_a_database_without_metrics_names_its_runs(store):
    with changing(store) as database:
        database.execute("DELETE FROM metrics")
    with pytest.raises(NoCurveError, match="no run in this database") as caught:
        readers.read(store)
    assert set(caught.value.found) == {"first", "second", "empty"}


def test_what_a_database_computes_is_not_run(store):
    """A view that never ends, under the name of the table."""
    with changing(store) as database:
        database.execute("ALTER TABLE metrics RENAME TO hidden")
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        database.execute(
            "CREATE VIEW metrics AS SELECT 'loss' AS key, 1.0 AS value, 1 AS timestamp, 'aaaa' AS run_uuid, "
            f"i AS step, 0 AS is_nan FROM ({endless})"
        )
    with pytest.raises(DescentryError):
        readers.read(store)


def test_cells_of_the_wrong_type_are_counted(store):
    with changing(store) as database:
        database.execute("DELETE FROM metrics WHERE run_uuid != 'aaaa'")
        strange = [
            ("loss", "x", NOW, "aaaa", 1, 0),
            ("loss", 1.0, "then", "aaaa", 2, 0),
            ("loss", b"\xff", NOW, "aaaa", 3, 0),
        ]
        insert(database, "metrics", "key, value, timestamp, run_uuid, step, is_nan", strange)
        database.execute("INSERT INTO runs (run_uuid, name) VALUES (x'ff', x'fe')")
    run = readers.read(store)
    check_log(run["loss"])
    (gap,) = [gap for gap in run.gaps if gap.kind == "bad-rows"]
    assert gap.count == 3


def test_a_database_cut_short_never_invents_a_point(store):
    data = store.read_bytes()
    known = {*LOG, *BLOWN_UP}
    for cut in [*range(0, len(data), 997), len(data) - 1]:
        try:
            drafts = mlflow_sqlite.READER.read(Source(None, name="mlflow.db", data=data[:cut]))
        except DescentryError:
            continue
        for draft in drafts:
            assert "truncated" in [gap.kind for gap in draft.gaps]
            for track in draft.tracks:
                found = zip(track.step.tolist(), track.value.tolist(), strict=True)
                assert all(point in known or math.isnan(point[1]) for point in found)


def test_a_damaged_mlflow_db_is_refused_in_plain_words(store):
    data = bytearray(store.read_bytes())
    data[100:4096] = b"\xff" * 3996
    store.write_bytes(data)
    with pytest.raises(UnknownFormatError, match=r"mlflow.db: the database cannot be read") as caught:
        readers.read(store)
    assert "copy it again" in caught.value.how


@given(flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=30))
@settings(max_examples=60)
def test_flipped_bytes_in_a_database_are_survived(flips):
    data = bytearray(flipped_from())
    for at, mask in flips:
        data[at % len(data)] ^= mask
    source = Source(None, name="mlflow.db", data=bytes(data))
    mlflow_sqlite.READER.sniff(source)
    with contextlib.suppress(DescentryError):
        mlflow_sqlite.READER.read(source)


def flipped_from(made=[]):  # noqa: B006 - made once for all examples
    if not made:
        with contextlib.closing(sqlite3.connect(":memory:")) as database:
            database.executescript(SCHEMA)
            insert(
                database,
                "runs",
                "run_uuid, name, start_time, lifecycle_stage",
                [("aaaa", "first", NOW, "active")],
            )
            insert_points(database, "loss", "aaaa", LOG)
            database.commit()
            made.append(database.serialize())
    return made[0]
