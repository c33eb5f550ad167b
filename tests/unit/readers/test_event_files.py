"""TensorBoard event files: every flavour of scalar, every kind of damage."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from descentry import readers
from descentry.core.errors import NoCurveError
from descentry.readers import _crc32c, _event_columns, _tfrecord
from descentry.readers._protobuf import encode, encode_varint
from descentry.readers._source import Source
from descentry.readers._tfrecord import frame
from descentry.readers.tensorboard_events import READER

VERSION = frame(encode(1, 1.7e9) + encode(3, "brain.Event:2"))
SCALARS = encode(9, encode(1, encode(1, "scalars")))
FLOAT, DOUBLE, INT32, STRING, INT64, BFLOAT16, HALF = 1, 2, 3, 7, 9, 14, 19


def simple(tag, value):
    return encode(1, tag) + encode_varint(2 << 3 | 5) + struct.pack("<f", value)


def tensor(tag, dtype, content, shape=(), plugin=SCALARS):
    dims = b"".join(encode(2, encode(1, size)) for size in shape)
    return encode(1, tag) + encode(8, encode(1, dtype) + encode(2, dims) + content) + plugin


def event(step, *values, time=1.7e9):
    summary = b"".join(encode(1, value) for value in values)
    # Writers leave out a step of 0, as protobuf does with every zero.
    return frame(encode(1, time) + (encode(2, step) if step else b"") + encode(5, summary))


def read(data):
    (draft,) = READER.read(Source(None, name="events", data=data))
    return draft


def tracks(data):
    return {t.name: t for t in read(data).tracks}


LOG = [(step, 2.0 / (step + 1)) for step in range(20)]


def log(rows=LOG, tag="loss"):
    return b"".join(event(step, simple(tag, value), time=1.7e9 + step) for step, value in rows)


def is_beginning(track, rows=LOG):
    """Whether a track holds points of a log in their order, and nothing else."""
    points = list(zip(track.step.tolist(), track.value.tolist(), strict=True))
    left = iter([(step, float(np.float32(value))) for step, value in rows])
    return all(point in left for point in points)


def test_checksums_are_the_standard_ones():
    assert _crc32c.crc32c(b"123456789") == 0xE3069283
    assert _crc32c.crc32c(bytes(32)) == 0x8A9136AA
    assert _crc32c.crc32c(bytes(range(32))) == 0x46DD794E
    # The header of the 24 bytes with which TensorFlow begins a file.
    assert frame(bytes(24))[:12] == bytes.fromhex("1800000000000000a37f4b22")


@pytest.mark.parametrize("length", [0, 1, 3, 63, 64, 65, 4095, 4096, 4097, 9001])
def test_checksum_of_long_records_is_that_of_the_plain_loop(length):
    data = np.random.default_rng(length).bytes(length)
    register = 0xFFFFFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    assert _crc32c.crc32c(data) == register ^ 0xFFFFFFFF


def test_simple_values_keep_every_point_step_and_time():
    rows = [(step, math.sin(step)) for step in (0, 1, 127, 128, 16383, 16384, 2**21, 2**35, 2**62)]
    track = tracks(VERSION + log(rows))["loss"]
    assert track.step.tolist() == [step for step, _ in rows]
    assert track.value.tolist() == [float(np.float32(value)) for _, value in rows]
    assert track.time.tolist() == [1.7e9 + step for step, _ in rows]


def test_nan_and_infinities_stay():
    values = [1.0, math.nan, math.inf, -math.inf, 2.0]
    track = tracks(VERSION + log(list(enumerate(values))))["loss"]
    np.testing.assert_array_equal(track.value, values)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
@pytest.mark.parametrize(
    ("dtype", "content", "value"),
    [
        (FLOAT, encode(4, struct.pack("<f", 0.1)), float(np.float32(0.1))),
        (DOUBLE, encode(4, struct.pack("<d", 0.1)), 0.1),
        (HALF, encode(4, struct.pack("<e", 0.5)), 0.5),
        (BFLOAT16, encode(4, b"\x80\x3f"), 1.0),
        (INT32, encode(4, struct.pack("<i", -7)), -7.0),
        (INT64, encode(4, struct.pack("<q", 2**40)), 2.0**40),
        (FLOAT, encode(5, struct.pack("<f", 0.1)), float(np.float32(0.1))),
        (FLOAT, encode_varint(5 << 3 | 5) + struct.pack("<f", 0.1), float(np.float32(0.1))),
        (DOUBLE, encode(6, struct.pack("<d", math.nan)), math.nan),
        (DOUBLE, encode_varint(6 << 3 | 1) + struct.pack("<d", 0.1), 0.1),
        (INT32, encode(7, encode_varint(-3)), -3.0),
        (INT32, encode(7, 300), 300.0),
        (INT64, encode(10, encode_varint(2**40)), 2.0**40),
        (HALF, encode(13, encode_varint(0x3C00)), 1.0),
        (HALF, encode(13, 0x7C00), math.inf),
        (BFLOAT16, encode(13, encode_varint(0x4049)), 3.140625),
    ],
)
def test_scalars_stored_as_tensors(dtype, content, value, shape):
    data = VERSION + b"".join(event(step, tensor("loss", dtype, content, shape)) for step in range(3))
    np.testing.assert_array_equal(tracks(data)["loss"].value, [value] * 3)


def test_integers_of_changing_length_in_tensors():
    counts = [0, 5, 127, 128, 300, 2**31 - 1, -1]
    data = VERSION + b"".join(
        event(step, tensor("seen", INT32, encode(7, encode_varint(count))))
        for step, count in enumerate(counts)
    )
    assert tracks(data)["seen"].value.tolist() == counts


def test_what_is_no_scalar_is_passed_over():
    one = encode(4, struct.pack("<f", 1.0))
    values = [
        tensor("weights", FLOAT, encode(4, struct.pack("<2f", 1.0, 2.0)), (2,)),
        tensor("empty", FLOAT, b"", (0,)),
        tensor("note", STRING, encode(8, "loss: 3"), ()),
        tensor("hparams", FLOAT, one, (), encode(9, encode(1, encode(1, "hparams")))),
        tensor("two in a scalar", FLOAT, encode(4, struct.pack("<2f", 1.0, 2.0))),
        encode(1, "picture") + encode(4, encode(4, bytes(900))),
        encode(1, "histogram") + encode(5, encode(1, 1.0) + encode(2, 2.0)),
    ]
    graph = frame(encode(1, 1.7e9) + encode(4, bytes(100_000)))
    data = VERSION + graph + event(1, *values, simple("loss", 1.0)) + event(2, simple("loss", 0.5))
    assert {name: t.value.tolist() for name, t in tracks(data).items()} == {"loss": [1.0, 0.5]}
    assert read(data).gaps == []


def test_metadata_may_come_with_the_first_point_only():
    content = encode(4, struct.pack("<f", 1.0))
    data = (
        VERSION + event(1, tensor("loss", FLOAT, content)) + event(2, tensor("loss", FLOAT, content, (), b""))
    )
    assert tracks(data)["loss"].step.tolist() == [1, 2]


def test_many_tags_in_turn_with_their_rows():
    rng = np.random.default_rng(0)
    tags = [f"layer_{i:03d}/norm" for i in range(40)] + ["loss", "lr"]
    data, expected = [VERSION], {}
    for record in range(1, 3000):
        tag, value = str(rng.choice(tags)), float(np.float32(rng.normal()))
        step = record // 7
        data.append(event(step, simple(tag, value), time=1.7e9 + record))
        expected.setdefault(tag, []).append((record, step, value))
    found = tracks(b"".join(data))
    assert found.keys() == expected.keys()
    for tag, points in expected.items():
        track = found[tag]
        assert list(zip(track.row.tolist(), track.step.tolist(), track.value.tolist(), strict=True)) == points


def test_one_event_may_hold_many_scalars_longer_than_any_table():
    tags = [f"group/of/metrics/number/{i:04d}" for i in range(300)]
    data = VERSION + b"".join(event(s, *(simple(tag, s + i) for i, tag in enumerate(tags))) for s in range(3))
    found = tracks(data)
    assert [found[tag].value.tolist() for tag in tags] == [[i, i + 1, i + 2] for i in range(300)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_ROUNDS", 0),  # likeness is never used
        ("_MIX", np.uint64(0)),  # all tags have the same hash
    ],
)
def test_nothing_changes_when_the_short_cuts_are_barred(monkeypatch, name, value):
    data = VERSION + b"".join(log(tag=f"layer {i:02d}") for i in range(20)) + log(tag="accuracy")
    expected = tracks(data)
    assert len(expected) == 21
    monkeypatch.setattr(_event_columns, name, value)
    assert tracks(data).keys() == expected.keys()
    for name, track in tracks(data).items():
        np.testing.assert_array_equal(track.value, expected[name].value)
        np.testing.assert_array_equal(track.row, expected[name].row)


@pytest.mark.parametrize("window", [1, 13, 64, 1000])
def test_nothing_changes_when_the_file_is_read_in_small_windows(monkeypatch, window):
    monkeypatch.setattr(_tfrecord, "WINDOW", window)
    data = VERSION + log() + bytes(40) + log([(step + 20, value) for step, value in LOG])
    track = tracks(data)["loss"]
    assert track.step.tolist() == list(range(40))
    assert track.row.tolist() == list(range(1, 41))


def test_records_too_long_to_hold_scalars_are_not_read(monkeypatch):
    monkeypatch.setattr(_tfrecord, "LONGEST", 1000)
    monkeypatch.setattr(_tfrecord, "WINDOW", 100)
    graph = frame(encode(1, 1.7e9) + encode(4, bytes(5000)))
    draft = read(VERSION + log() + graph + log([(20, 0.1)]))
    assert draft.tracks[0].step.tolist() == list(range(21))
    assert draft.gaps == []
    (gap,) = read(VERSION + log() + graph[:3000]).gaps
    assert gap.kind == "truncated"
    assert "3,000 bytes" in gap.what


def test_cut_anywhere_gives_the_points_before_and_says_so():
    data = VERSION + log()
    ends = [len(VERSION + log(LOG[:n])) for n in range(len(LOG) + 1)]
    for cut in range(len(data)):
        draft = read(data[:cut])
        whole = sum(end <= cut for end in ends) - 1
        assert sum(len(t.value) for t in draft.tracks) == max(whole, 0)
        assert all(is_beginning(t) for t in draft.tracks)
        assert [gap.kind for gap in draft.gaps] == ([] if cut in {0, *ends} else ["truncated"])


def test_a_damaged_record_is_left_out_and_counted():
    spoilt = bytearray(event(7, simple("loss", 0.25)))
    spoilt[-6] ^= 1
    draft = read(VERSION + log(LOG[:7]) + bytes(spoilt) + log(LOG[8:]))
    (track,) = draft.tracks
    assert track.step.tolist() == [step for step, _ in LOG if step != 7]
    (gap,) = draft.gaps
    assert (gap.kind, gap.count) == ("corrupt", 1)


@pytest.mark.parametrize("at", range(12))
def test_reading_goes_on_behind_a_damaged_header(at):
    spoilt = bytearray(event(7, simple("loss", 0.25)))
    spoilt[at] ^= 0x10
    draft = read(VERSION + log(LOG[:7]) + bytes(spoilt) + log(LOG[8:]))
    assert draft.tracks[0].step.tolist() == [step for step, _ in LOG if step != 7]
    (gap,) = draft.gaps
    assert gap.kind == "corrupt"
    assert f"{len(spoilt):,} bytes" in gap.what


def test_zeros_at_the_end_are_noted():
    draft = read(VERSION + log() + bytes(5000))
    assert draft.tracks[0].step.tolist() == [step for step, _ in LOG]
    assert [gap.kind for gap in draft.gaps] == ["corrupt"]


@given(flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=20))
def test_flipped_bytes_never_make_a_point(flips):
    data = bytearray(VERSION + log())
    for at, mask in flips:
        data[at % len(data)] ^= mask
    draft = read(bytes(data))
    assert all(track.name == "loss" and is_beginning(track) for track in draft.tracks)
    assert draft.gaps or sum(len(t.value) for t in draft.tracks) == len(LOG)


@given(content=st.binary(max_size=300))
def test_any_bytes_in_sound_records_are_survived(content):
    draft = read(VERSION + frame(content) + frame(encode(5, encode(1, content))) + content + log())
    assert any(track.name == "loss" and len(track.value) >= len(LOG) for track in draft.tracks)


@given(content=st.binary(max_size=300))
def test_any_bytes_are_survived(content):
    assert read(content).tracks == []
    READER.sniff(Source(None, name="x", data=content))


def test_recognised_by_content_whatever_the_name(tmp_path):
    path = tmp_path / "run.cvp"
    path.write_bytes(VERSION + log())
    run = readers.read(path)
    assert run.reader == "tensorboard-events"
    assert len(run["loss"]) == len(LOG)


def test_other_records_of_tensorflow_are_not_events():
    example = frame(encode(1, encode(1, encode(1, "image") + encode(2, encode(1, b"\x00" * 50)))))
    assert READER.sniff(Source(None, name="data.tfrecord", data=example * 10)) == 0
    assert READER.sniff(Source(None, name="old", data=log())) > 0.5
    huge = frame(encode(1, 1.7e9) + encode(4, bytes(100_000)))
    assert READER.sniff(Source(None, name="graph first", data=huge)) > 0.5


def test_a_file_without_scalars_says_so(tmp_path):
    path = tmp_path / "events.out.tfevents.1.host"
    path.write_bytes(VERSION)
    with pytest.raises(NoCurveError, match="no metrics"):
        readers.read(path)


def test_the_run_is_named_by_its_folder(tmp_path):
    path = READER.write_sample(tmp_path, LOG)
    assert readers.read(path).name == tmp_path.name


def two_files(folder, first, second):
    for name, rows in (("1700000000.host.1", first), ("1700009999.host.2", second)):
        (folder / f"events.out.tfevents.{name}").write_bytes(VERSION + log(rows))
    return readers.read_all(folder)


def test_an_aborted_attempt_and_its_rerun_are_two_runs(tmp_path):
    rerun = [(step, value + 1) for step, value in LOG]
    first, second = two_files(tmp_path, LOG[1:12], rerun[1:])
    assert first["loss"].step.tolist() == list(range(1, 12))
    assert second["loss"].value.tolist() == [float(np.float32(value)) for _, value in rerun[1:]]


def test_a_resume_goes_on_with_the_run_and_is_noted(tmp_path):
    resumed = [(step, value + 1) for step, value in LOG[8:]]
    (run,) = two_files(tmp_path, LOG[:12], resumed)
    assert run["loss"].step.tolist() == list(range(20))
    expected = [value for _, value in LOG[:8] + resumed]
    np.testing.assert_allclose(run["loss"].value, expected, rtol=1e-6)
    (gap,) = [gap for gap in run.gaps if gap.kind == "resume"]
    assert (gap.start, gap.count) == (8, 4)
