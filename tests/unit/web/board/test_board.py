"""The board as its pages see it: the list, runs, tiles, files."""

from __future__ import annotations

import json
import os
import sys
import time

import numpy as np
import pytest
from tests.unit.web.board._boards import falling, named, settled, tile, unpacked

from descentry import readers, record
from descentry.story import explain
from descentry.web.board._units import Scanner, read


def test_the_list_says_of_each_run_what_explaining_it_says(examples):
    runs = {run["where"]: run for run in settled(examples)["runs"]}
    assert set(runs) == {"long", "bad.csv", "split"}
    for where, run in runs.items():
        report = explain(readers.read(examples.folder / where))
        assert run["verdict"] == report.verdict
        assert run["headline"] == report.headline
        assert run["points"] == sum(map(len, report.run.series))
        assert run["main"]["name"] == report.main.name
    assert runs["bad.csv"]["verdict"] == "failing"


def test_a_sparkline_keeps_the_spike_and_counts_what_is_not_finite(examples):
    spark = named(examples, "long")["main"]["spark"]
    assert max(spark["high"]) == 9.0
    assert sum(spark["bad"]) == 2
    assert len(spark["step"]) <= 90


def test_a_run_is_told_as_its_report_tells_it(examples):
    run = named(examples, "long")
    told = examples.ask(f"/api/board/runs/{run['id']}").json()
    assert told["summary"]["id"] == run["id"]
    assert told["report"]["verdict"] == run["verdict"]
    assert {s["key"]: s["points"] for s in told["series"]} == {"loss": 50_000, "tokens": 50_000}
    assert [s["key"] for s in told["series"] if s["main"]] == ["loss"]
    assert told["report"]["run"]["config"] == {"batch_size": 32}


def test_a_tile_of_all_has_every_point_in_some_column(examples):
    head, columns = tile(examples, named(examples, "long"), columns=500)
    assert head["points"] == columns["count"].sum() == 50_000
    assert head["extent"] == [0, 49_999]
    assert not head["exact"]
    assert len(columns["low"]) <= 503
    assert np.nanmax(columns["high"]) == 9.0
    assert columns["bad"].sum() == 2
    assert set(columns["kind"]) == {0, 1, 2}


def test_a_tile_of_few_points_is_the_points(examples):
    head, columns = tile(examples, named(examples, "long"), low=19_990, high=20_010, columns=100)
    assert head["exact"]
    assert columns["start"][0] == 19_989
    assert columns["stop"][-1] == 20_011
    expected = np.where(np.isfinite(examples.loss), examples.loss, np.nan)[19_989:20_012]
    np.testing.assert_array_equal(columns["middle"], expected)


def test_values_off_the_scale_are_counted(examples):
    head, _ = tile(examples, named(examples, "long"), bottom=-1, top=5)
    assert (head["above"], head["below"]) == (1, 0)


def test_a_curve_is_drawn_over_time_or_over_another_metric(examples):
    run = named(examples, "long")
    head, columns = tile(examples, run, x="tokens", columns=100)
    assert head["extent"] == [0, 128 * 49_999]
    assert columns["count"].sum() == 50_000
    head, columns = tile(examples, run, x="time", columns=100)
    assert head["extent"][1] == pytest.approx(time.time(), abs=3600)
    answer = examples.ask(f"/api/board/runs/{named(examples, 'bad.csv')['id']}/tile?series=loss&x=time")
    assert answer.status == 400
    assert "does not say the times" in answer.json()["error"]["what"]


def test_points_come_by_their_number(examples):
    run = named(examples, "long")
    answer = examples.ask(f"/api/board/runs/{run['id']}/points?series=loss&from=49990")
    head, columns = unpacked(answer.body)
    assert (head["from"], head["to"]) == (49_990, 50_000)
    np.testing.assert_array_equal(columns["value"], examples.loss[49_990:])


def test_a_name_that_is_not_there_gets_the_nearest_one(examples):
    run = named(examples, "long")
    answer = examples.ask(f"/api/board/runs/{run['id']}/tile?series=los")
    assert answer.status == 404
    assert "Did you mean 'loss'?" in answer.json()["error"]["how"]
    assert examples.ask("/api/board/runs/0123456789abcdef-0").status == 404


def test_a_run_is_saved_as_table_page_and_data(examples, tmp_path):
    run = named(examples, "long")
    table = examples.ask(f"/api/board/runs/{run['id']}/data.csv")
    (tmp_path / "long.csv").write_bytes(table.body)
    back = readers.read(tmp_path / "long.csv")
    np.testing.assert_array_equal(back["loss"].value, examples.loss)
    page = examples.ask(f"/api/board/runs/{run['id']}/report.html")
    assert page.body.startswith(b"<!doctype html>")
    assert 'filename="long.html"' in page["content-disposition"]
    data = examples.ask(f"/api/board/runs/{run['id']}/report.json").json()
    assert data["schema"].startswith("descentry.report/")


def test_links_keep_their_meaning_after_a_restart(examples, site):
    again = site(examples.folder)
    run = named(examples, "long")
    assert again.ask(f"/api/board/runs/{run['id']}").json()["summary"]["name"] == "long"


def test_a_log_that_cannot_be_read_is_named_and_the_others_are_shown(site, tmp_path):
    (tmp_path / "good.csv").write_text("step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(99)))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.sqlite").write_bytes(
        b"SQLite format 3\x00" + bytes(52) + b"DSNT" + bytes(2000)
    )
    answer = settled(site(tmp_path))
    assert [run["where"] for run in answer["runs"]] == ["good.csv"]
    assert [trouble["where"] for trouble in answer["troubles"]] == ["broken"]


def test_a_folder_that_is_called_as_a_split_is_a_folder_like_others(site, tmp_path):
    folder = tmp_path / "test"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.csv").write_text(
            "step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(99))
        )
    assert [run["where"] for run in settled(site(folder))["runs"]] == ["a.csv", "b.csv"]


def test_a_folder_that_is_a_run_is_a_board_of_one(site, tmp_path):
    with record(tmp_path / "exp1") as recorder:
        for step in range(99):
            recorder.log(step, loss=1 / (step + 1))
    server = site(tmp_path / "exp1")
    (run,) = settled(server)["runs"]
    assert (run["name"], run["where"]) == ("exp1", "exp1")
    assert server.ask(f"/api/board/runs/{run['id']}").status == 200


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names of files are text there")
def test_a_name_that_is_no_text_is_no_defect(site, tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff\xfe.csv"
    with open(path, "w") as stream:
        stream.write(falling())
    server = site(tmp_path)
    (run,) = settled(server)["runs"]
    for what in ("", "/report.json", "/report.html", "/data.csv"):
        assert server.ask(f"/api/board/runs/{run['id']}{what}").status == 200


def test_a_log_is_looked_at_again_until_its_beginning_is_there(tmp_path):
    scanner = Scanner(tmp_path)
    log = tmp_path / "train.txt"
    log.write_text("starting\n")
    assert scanner.scan() == []
    log.write_text("starting\n" + "loss: 1.0\n" * 9)
    assert [unit.reader for unit in scanner.scan()] == ["generic-text"]
    log.write_text("".join(json.dumps({"step": s, "loss": 1 / (s + 1)}) + "\n" for s in range(99)))
    assert [unit.reader for unit in scanner.scan()] == ["jsonl"]


def test_checkpoints_of_one_run_are_one_run(tmp_path):
    history = [{"step": s, "epoch": s / 10, "loss": 1 / s} for s in range(1, 40)]
    for last in (20, 39):
        folder = tmp_path / "out" / f"checkpoint-{last}"
        folder.mkdir(parents=True)
        state = {"global_step": last, "log_history": history[:last]}
        (folder / "trainer_state.json").write_text(json.dumps(state))
    (unit,) = Scanner(tmp_path).scan()
    (run,) = read(tmp_path, unit)
    assert len(run["loss"]) == 39


def test_an_empty_folder_is_no_trouble(site, tmp_path):
    answer = settled(site(tmp_path))
    assert answer["runs"] == []
    assert not answer["trouble"]
