"""Offline runs of Weights & Biases: rows as old and new writers store them, blocks, and damage."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descentry import readers
from descentry.core.errors import NoCurveError
from descentry.readers._protobuf import encode, encode_varint
from descentry.readers._source import Source
from descentry.readers._wandb_log import BLOCK, PREAMBLE, write
from descentry.readers.wandb_offline import READER

# Rows as wandb 0.16.6 and 0.31.0 wrote them, for run.log({"loss": 0.5, "val": {"acc": nan}, "inf": -inf}).
ROW_OF_0_16 = (
    b'\x08\x05\x12\x8b\x01\n\x0c\n\x04loss\x82\x01\x030.5\n\x14\n\x03val\x82\x01\x0c{"acc": NaN}'
    b"\n\x11\n\x03inf\x82\x01\t-Infinity\n!\n\n_timestamp\x82\x01\x121795493051.8383443"
    b"\n \n\x08_runtime\x82\x01\x130.09475231170654297\n\x0b\n\x05_step\x82\x01\x010\x12\x00"
)
ROW_OF_0_31 = (
    b"\x08\n\x12\x83\x01\n\x0c\x12\x04loss\x82\x01\x030.5\n\x10\x12\x03val\x12\x03acc\x82\x01\x03NaN"
    b"\n\x11\x12\x03inf\x82\x01\t-Infinity\n%\x12\n_timestamp\x82\x01\x161.7954930500466619e+09"
    b"\n\x18\x12\x08_runtime\x82\x01\x0b0.298570837\n\x0b\x12\x05_step\x82\x01\x010\x12\x00"
)
# define_metric("*", step_metric="train/step")
COUNTED_BY_TRAIN_STEP = b'\x08\x08b\x15\x12\x01*"\ntrain/step2\x04\x08\x01\x18\x01'


def item(key, content):
    return encode(1, encode(2, key) + content)


def as_json(key, value):
    return item(key, encode(16, json.dumps(value)))


def row(step, **values):
    return encode(2, b"".join(as_json(k, v) for k, v in values.items()) + encode(2, encode(1, step)))


LOG = [(step, 2.0 / (step + 1)) for step in range(20)]
ROWS = [row(step, loss=value) for step, value in LOG]


def read(data):
    (draft,) = READER.read(Source(None, name="run.wandb", data=data))
    return draft


def values(records):
    return {t.name: t.value.tolist() for t in read(write(records)).tracks}


def points(data):
    """The points of the only metric, and the kinds of gaps; none where nothing can be read."""
    try:
        draft = read(data)
    except NoCurveError:
        return [], []
    (track,) = draft.tracks
    kinds = [gap.kind for gap in draft.gaps]
    steps = [None] * len(track.value) if track.step is None else track.step.tolist()
    return list(zip(steps, track.value.tolist(), strict=True)), kinds


@pytest.mark.parametrize("record", [ROW_OF_0_16, ROW_OF_0_31])
def test_rows_of_real_writers(record):
    tracks = {t.name: t for t in read(write([record])).tracks}
    assert tracks.keys() == {"loss", "val.acc", "inf"}
    assert tracks["loss"].value.tolist() == [0.5]
    assert math.isnan(tracks["val.acc"].value[0])
    assert tracks["inf"].value.tolist() == [-math.inf]
    assert tracks["loss"].step.tolist() == [0]
    assert abs(tracks["loss"].time[0] - 1795493050) < 5


def test_nested_keys_are_joined_and_what_is_no_number_is_passed_over():
    nested = {"a": 1, "b": {"c": 2.5, "text": "x", "flag": True, "nan": "NaN"}, "list": [1, 2]}
    media = {"_type": "histogram", "bins": [1, 2], "count": 3}
    found = values([row(0, top=nested, media=media, text="7", flag=True, none=None, inf="Infinity")])
    nan = found.pop("top.b.nan")
    assert math.isnan(nan[0])
    assert found == {"top.a": [1.0], "top.b.c": [2.5], "inf": [math.inf]}


def test_numbers_that_are_stored_as_such():
    record = encode(
        2,
        item("number", encode(6, 0.5))
        + item("whole", encode(5, 5))  # zigzag: -3
        + item("flag", encode(4, 1))
        + item("spelled", encode(7, "NaN"))
        + item("text", encode(7, "abc"))
        + item("object", encode(8, '{"a": 4}'))
        + encode(2, encode(1, 9)),
    )
    draft = read(write([record]))
    found = {t.name: t.value.tolist() for t in draft.tracks}
    assert math.isnan(found.pop("spelled")[0])
    assert found == {"number": [0.5], "whole": [-3.0], "object.a": [4.0]}
    assert draft.tracks[0].step.tolist() == [9]


def test_values_made_to_break_readers_are_passed_over():
    deep = "[" * 100_000
    nested = '{"a":' * 900 + "1" + "}" * 900
    records = [
        encode(2, item("deep", encode(16, deep)) + item("nested", encode(16, nested)) + as_json("loss", 1.0)),
        encode(2, item("huge", encode(16, "9" * 5000)) + item("bad", encode(16, "{")) + as_json("loss", 0.5)),
    ]
    found = values(records)
    assert found["loss"] == [1.0, 0.5]
    assert set(found) <= {"loss", "huge"}


def test_settings_and_name_of_the_run():
    config = encode(1, encode(1, "lr") + encode(16, "0.1")) + encode(
        1, encode(1, "_wandb") + encode(16, "{}")
    )
    about = encode(17, encode(1, "abc123") + encode(4, config) + encode(8, "sunny-sky-7"))
    later = encode(5, encode(1, encode(2, "opt") + encode(2, "name") + encode(16, '"adam"')))
    draft = read(write([about, ROWS[0], later]))
    assert draft.name == "sunny-sky-7"
    assert draft.config == {"lr": 0.1, "opt.name": "adam"}
    assert read(write([encode(17, encode(1, "abc123")), ROWS[0]])).name == "abc123"


def test_steps_are_counted_by_the_metric_that_the_run_names(tmp_path):
    rows = [
        encode(2, as_json("loss", v) + as_json("train/step", 50 * s) + encode(2, encode(1, s)))
        for s, v in LOG
    ]
    path = tmp_path / "run-x.wandb"
    path.write_bytes(write([COUNTED_BY_TRAIN_STEP, *rows, row(20, final=0.5)]))
    run = readers.read(path)
    assert run["loss"].step.tolist() == [50 * step for step, _ in LOG]
    assert run["loss"].step_name == "train/step"
    assert run["final"].step.tolist() == [950]


def test_an_epoch_is_no_step_to_count_by():
    by_epoch = encode(12, encode(2, "*") + encode(4, "epoch"))
    rows = [
        encode(2, as_json("loss", v) + as_json("epoch", s // 10) + encode(2, encode(1, s))) for s, v in LOG
    ]
    tracks = {t.name: t for t in read(write([by_epoch, *rows])).tracks}
    assert tracks["loss"].step.tolist() == [step for step, _ in LOG]


@pytest.mark.parametrize("size", [100, BLOCK - 40, BLOCK, 3 * BLOCK + 5])
def test_records_go_on_over_blocks(size):
    """Rows of every offset to the end of a block, and others of several blocks between them."""
    console = encode(13, bytes(size))
    found, kinds = points(write([r for pair in zip(ROWS, [console] * len(ROWS), strict=True) for r in pair]))
    assert found == LOG
    assert kinds == []


@pytest.mark.parametrize("left", range(16))
def test_the_end_of_a_block_that_holds_no_header_is_filling(left):
    filling = BLOCK - len(write([b""])) - len(ROWS[0]) - 7 - left
    assert points(write([bytes(filling), *ROWS]))[0] == LOG


def test_cut_anywhere_gives_the_rows_before_and_says_so():
    data = write(ROWS)
    ends = [len(write(ROWS[:n])) for n in range(1, len(ROWS) + 1)]
    for cut in range(len(PREAMBLE), len(data)):
        found, kinds = points(data[:cut])
        assert found == LOG[: sum(end <= cut for end in ends)]
        assert not found or kinds == ([] if cut in ends else ["truncated"])


def test_cut_inside_a_row_of_several_blocks():
    data = write([*ROWS, row(20, loss=1.0, text="x" * 3 * BLOCK)])
    found, kinds = points(data[: 2 * BLOCK])
    assert (found, kinds) == (LOG, ["truncated"])


def test_a_damaged_block_is_left_out_and_the_next_is_read():
    data = bytearray(write([*ROWS[:10], bytes(BLOCK - 2000), *ROWS[10:]]))
    data[len(write(ROWS[:5])) + 12] ^= 1
    found, kinds = points(bytes(data))
    assert found[:5] == LOG[:5]
    assert 5 <= len(found) < len(LOG)
    assert all(point in LOG for point in found)
    assert "corrupt" in kinds


@given(flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=20))
def test_flipped_bytes_never_make_a_point(flips):
    data = bytearray(write(ROWS))
    for at, mask in flips:
        data[len(PREAMBLE) + at % (len(data) - len(PREAMBLE))] ^= mask
    found, kinds = points(bytes(data))
    left = iter(LOG)
    assert all(point in left for point in found)
    assert found == LOG or not found or kinds


@given(content=st.binary(max_size=300), number=st.sampled_from([1, 2, 5, 12, 17]))
def test_any_bytes_are_survived(content, number):
    draft = read(write([content, encode(number, content), encode(2, encode(1, content)), *ROWS]))
    (loss,) = [t for t in draft.tracks if t.name == "loss"]
    np.testing.assert_array_equal(loss.value[-len(LOG) :], [value for _, value in LOG])
    assert points(PREAMBLE + content) == ([], [])


def test_a_run_without_rows_names_what_it_holds():
    records = [
        encode(17, encode(1, "abc")),
        encode(7, b""),
        encode(18, b""),
        encode_varint(19 << 3) + b"\x01",
    ]
    with pytest.raises(NoCurveError, match=r"run.wandb: the run logged no numbers") as caught:
        read(write(records))
    assert set(caught.value.found) == {"run", "system metrics", "exit"}
    assert "system metrics" in caught.value.how


def test_recognised_by_its_first_bytes():
    assert READER.sniff(Source(None, name="x", data=write(ROWS))) == 1
    assert READER.sniff(Source(None, name="run.wandb", data=b":W&B but not really")) == 0
