"""Whatever holds the samples, the figures are the same; and what is wrong with them is said in one line."""

from __future__ import annotations

import os
import struct
import wave
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ember_infer_core.slots import AnyArray
from ember_infer_tools.evaluate import EvaluationError, evaluate
from ember_infer_tools.evaluate.arrays import archive_arrays, map_array
from ember_infer_tools.evaluate.folders import read_sample
from tests.tools.evaluate.functions import brighter
from tests.tools.evaluate.helpers import DIGITS, HELD_OUT, Digits, held_out, needs


def confusion(data: Any, labels: Any = None, **options: Any) -> Any:
    return evaluate(DIGITS, data, labels, backends={"ref": "ref"}, metrics=["confusion"], **options)["ref"]["confusion"]


@pytest.fixture(scope="module")
def expected() -> Any:
    return confusion(*held_out())


def pairs() -> Iterator[tuple[AnyArray, int]]:
    yield from zip(*held_out(), strict=True)


def test_npy_files(expected: Any, tmp_path: Path) -> None:
    images, labels = held_out()
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "labels.npy", labels)
    assert confusion(tmp_path / "images.npy", tmp_path / "labels.npy", chunk=33) == expected
    assert confusion(tmp_path / "images.npy", labels) == expected
    assert confusion(images, str(tmp_path / "labels.npy")) == expected


def test_an_archive_brings_its_labels(expected: Any, tmp_path: Path) -> None:
    images, labels = held_out()
    assert confusion(HELD_OUT) == expected
    np.savez(tmp_path / "other.npz", other=np.zeros(3), digit=labels, inputs=images)
    assert confusion(tmp_path / "other.npz", "digit") == expected
    np.savez(tmp_path / "images.npz", images)
    np.savez(tmp_path / "labels.npz", labels)
    assert confusion(tmp_path / "images.npz", tmp_path / "labels.npz") == expected


def test_an_archive_is_mapped_and_not_read() -> None:
    mapped = map_array(archive_arrays(HELD_OUT)["images"])
    assert isinstance(mapped, np.memmap)
    assert np.array_equal(mapped, held_out()[0])


def test_iterables_of_samples_and_labels(expected: Any) -> None:
    images, labels = held_out()
    assert confusion(pairs(), chunk=50) == expected
    assert confusion(iter(images), iter(labels), chunk=182) == expected
    assert confusion([image.tolist() for image in images], labels.tolist()) == expected


def test_quantised_samples_are_taken_as_they_are(expected: Any) -> None:
    images, labels = held_out()
    assert confusion(Digits.quantize(images), labels) == expected
    assert confusion(images.astype(np.float64), labels) == expected


def test_parquet_columns_of_lists_and_of_numbers(expected: Any, tmp_path: Path) -> None:
    arrow, parquet = needs("pyarrow"), needs("pyarrow.parquet")
    images, labels = held_out()
    rows = arrow.table({"image": list(images.reshape(364, 64)), "digit": labels})
    parquet.write_table(rows, tmp_path / "lists.parquet", row_group_size=100)
    assert confusion(tmp_path / "lists.parquet", "digit", chunk=30) == expected
    columns = {f"pixel {index}": images.reshape(364, 64)[:, index] for index in range(64)}
    parquet.write_table(arrow.table({"labels": labels, **columns}), tmp_path / "numbers.parquet")
    assert confusion(tmp_path / "numbers.parquet", "labels") == expected
    with pytest.raises(EvaluationError, match=r"lists.parquet: no column 'x' for --labels: there are image, digit"):
        confusion(tmp_path / "lists.parquet", "x")


def test_pictures_in_folders_of_classes(expected: Any, tmp_path: Path) -> None:
    pillow = needs("PIL.Image")
    for number, (image, label) in enumerate(pairs()):
        folder = tmp_path / str(label)
        folder.mkdir(exist_ok=True)
        pillow.fromarray(image).save(folder / f"{number:03}.{'png' if number % 2 else 'bmp'}")
    assert confusion(tmp_path, chunk=20) == expected
    skipped = evaluate(DIGITS, tmp_path, backends={"ref": "ref"}, prepare=brighter)
    assert skipped.samples == 364


def test_what_a_picture_cannot_be_is_a_bad_sample_with_its_name(tmp_path: Path) -> None:
    pillow = needs("PIL.Image")
    (tmp_path / "3").mkdir()
    pillow.fromarray(held_out()[0][0]).save(tmp_path / "3" / "a.png")
    (tmp_path / "3" / "b.png").write_bytes((tmp_path / "3" / "a.png").read_bytes()[:60])
    pillow.new("RGB", (8, 8)).save(tmp_path / "3" / "c.png")
    found = evaluate(DIGITS, tmp_path, backends={"ref": "ref"}, bad="skip")
    assert (found.samples, found.skipped) == (1, 2)
    assert [(bad.sample, bad.name) for bad in found.bad] == [(1, "3/b.png"), (2, "3/c.png")]
    assert found.bad[0].reason.startswith("cannot be read: ")
    assert found.bad[1].reason == "input: 64 elements (1, 8, 8, 1) are wanted, not shape (8, 8, 3)"


@pytest.mark.parametrize(("width", "dtype"), [(1, np.uint8), (2, np.int16), (4, np.int32)])
def test_recordings_are_as_they_are(tmp_path: Path, width: int, dtype: Any) -> None:
    path = str(tmp_path / "a.WAV")
    frames = np.arange(12).astype(dtype)
    for channels in (1, 2):
        with wave.open(path, "wb") as recording:
            recording.setparams((channels, width, 16000, 0, "NONE", ""))
            recording.writeframes(frames.tobytes())
        read = read_sample(path)
        assert read.dtype == dtype
        assert np.array_equal(read, frames if channels == 1 else frames.reshape(6, 2))


def test_recordings_are_judged_by_the_users_function(tmp_path: Path) -> None:
    for label in ("no", "yes"):
        (tmp_path / label).mkdir()
        with wave.open(str(tmp_path / label / "1.wav"), "wb") as recording:
            recording.setparams((1, 2, 16000, 0, "NONE", ""))
            recording.writeframes(np.full(640, 7 if label == "yes" else 0, np.int16).tobytes())
    found = evaluate(
        DIGITS,
        tmp_path,
        backends={"ref": "ref"},
        metrics=["accuracy"],
        prepare=lambda sound: sound.reshape(64, 10).mean(axis=1),
    )
    assert found.samples == 2


@pytest.mark.parametrize(
    ("data", "labels", "message"),
    [
        ("nothing.npy", None, "nothing.npy: no such file or folder"),
        ("words.txt", None, r"words.txt: samples are .npy, .npz, .parquet, or a folder"),
        ("words.npy", None, r"words.npy: no NumPy file of numbers"),
        ("words.npz", None, r"words.npz: File is not a zip file"),
        ("compressed.npz", None, r"compressed.npz: images.npy is compressed.*save it with np.savez"),
        ("two.npz", None, r"two.npz: 2 arrays \(a, b\) for 1 inputs"),
        (".", None, r"no .wav, .bmp, .png in it"),
        ("images.npy", "nothing", "nothing: no such file of labels"),
        ("images.npy", "two.npz", "two.npz: no array 'labels': there are a, b"),
        ("images.npy", "few.npy", r"inputs and labels hold different numbers of samples: \[364, 3\]"),
        ("images.npy", None, "labels: confusion needs one for each sample"),
        ("none.npy", None, "there are no samples"),
    ],
)
def test_what_is_no_data_is_told(data: str, labels: str | None, message: str, tmp_path: Path) -> None:
    images, numbers = held_out()
    for name in ("words.txt", "words.npy", "words.npz"):
        (tmp_path / name).write_text("words")
    np.savez_compressed(tmp_path / "compressed.npz", images=images)
    np.savez(tmp_path / "two.npz", a=images, b=images)
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "none.npy", images[:0])
    np.save(tmp_path / "few.npy", numbers[:3])
    metrics = [] if data == "none.npy" else ["confusion"]
    with pytest.raises(EvaluationError, match=message) as told:
        evaluate(
            DIGITS,
            tmp_path / data,
            None if labels is None else str(tmp_path / labels),
            backends={"ref": "ref"},
            metrics=metrics,
        )
    assert "\n" not in str(told.value)


def test_iterables_of_other_lengths_are_told() -> None:
    images, labels = held_out()
    with pytest.raises(EvaluationError, match="labels: 10 of them, and more samples"):
        confusion(iter(images), iter(labels[:10]), chunk=4)
    with pytest.raises(EvaluationError, match="labels: more than the 10 samples"):
        confusion(iter(images[:10]), iter(labels), chunk=4)
    with pytest.raises(EvaluationError, match="labels: confusion needs one for each sample"):
        confusion(iter(images))


def npy(shape: str) -> bytes:
    """A file of 25 digits whose header says something else."""
    header = f"{{'descr': '|i1', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + bytes(25 * 64)


def outcome(data: Any, labels: Any = None, **options: Any) -> str:
    with pytest.raises(EvaluationError) as caught:
        evaluate(DIGITS, data, labels, backends={"ref": "ref"}, workers=1, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    "shape",
    ["(26, 8, 8)", "(-25, 8, 8)", "(-5, -5, 64)", "(9223372036854775807, 64)", "(10" + "0" * 30 + ", 64)", "(10**9,)"],
)
def test_a_header_that_lies_is_told(tmp_path: Path, shape: str) -> None:
    (tmp_path / "lies.npy").write_bytes(npy(shape))
    assert "lies.npy: " in outcome(tmp_path / "lies.npy")
    with zipfile.ZipFile(tmp_path / "lies.npz", "w") as archive:
        archive.writestr("inputs.npy", npy(shape))
        archive.writestr("behind.npy", npy("(25, 64)"))  # which must not count as samples
    assert "lies.npz: " in outcome(tmp_path / "lies.npz")


def test_rows_without_elements_have_no_end(tmp_path: Path) -> None:
    (tmp_path / "none.npy").write_bytes(npy("(1000000000000000, 0)"))
    assert "no elements" in outcome(tmp_path / "none.npy", bad="skip")


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
def test_a_fifo_is_not_waited_for(tmp_path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        needs("pyarrow.parquet")
    os.mkfifo(tmp_path / f"fifo{suffix}")
    assert "not a regular file" in outcome(tmp_path / f"fifo{suffix}")


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def test_a_folder_of_traps(tmp_path: Path) -> None:
    """Each is a bad sample with a name: a bomb, PostScript for Pillow to run, a FIFO, a header."""
    pillow = needs("PIL.Image")
    (tmp_path / "0").mkdir()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 30000, 30000, 8, 0, 0, 0, 0))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(10))) + chunk(b"IEND", b"")
    (tmp_path / "0" / "bomb.png").write_bytes(bomb)
    (tmp_path / "0" / "eps.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n")
    os.mkfifo(tmp_path / "0" / "fifo.png")
    pillow.new("L", (8, 8)).save(tmp_path / "0" / "good.png")
    with wave.open(str(tmp_path / "0" / "wave.wav"), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(1)
        recording.setframerate(8000)
        recording.writeframes(bytes(64))
    damaged = bytearray((tmp_path / "0" / "wave.wav").read_bytes())
    damaged[16:20] = b"\xff\xff\xff\x7f"  # the length of the chunk that says what follows
    (tmp_path / "0" / "wave.wav").write_bytes(damaged)
    found = evaluate(DIGITS, tmp_path, backends={"ref": "ref"}, bad="skip", workers=1)
    named = [Path(bad.name).name for bad in found.bad]
    assert (found.samples, named) == (1, ["bomb.png", "eps.png", "fifo.png", "wave.wav"])


def test_what_a_parquet_file_lacks_is_one_samples_fault(tmp_path: Path) -> None:
    """And not that of others in its chunk, whose int8 stays int8."""
    arrow, parquet = needs("pyarrow"), needs("pyarrow.parquet")
    images, labels = held_out()
    quantised = Digits.quantize(images).reshape(364, 64)
    keep = np.delete(np.arange(364), [3, 5])
    expected = confusion(quantised[keep], labels[keep])

    def hole(row: Any, place: int, at: int) -> Any:
        return None if place == at else row

    answers = [hole(int(label), place, 5) for place, label in enumerate(labels)]
    pixels = quantised.T.tolist()
    pixels[7][3] = None
    columns = {f"p{number}": arrow.array(pixel, arrow.int8()) for number, pixel in enumerate(pixels)}
    rows = [hole(row, place, 3) for place, row in enumerate(quantised.tolist())]
    for name, inputs in (("wide", columns), ("lists", {"x": arrow.array(rows, arrow.list_(arrow.int8()))})):
        parquet.write_table(arrow.table({**inputs, "y": answers}), tmp_path / f"{name}.parquet")
        assert confusion(tmp_path / f"{name}.parquet", "y", bad="skip") == expected


def test_parquet_files_of_odd_columns_are_told(tmp_path: Path) -> None:
    arrow, parquet = needs("pyarrow"), needs("pyarrow.parquet")
    numbers = arrow.array(range(4))
    rows = arrow.array([["a"]] * 4, arrow.list_(arrow.dictionary(arrow.int8(), arrow.string())))
    for columns, names, said in (
        ([numbers, numbers], ["y", "y"], "two columns have one name"),
        ([numbers], ["y"], "no column of inputs"),
        ([rows, numbers], ["x", "y"], "odd.parquet: "),
    ):
        parquet.write_table(arrow.Table.from_arrays(columns, names=names), tmp_path / "odd.parquet")
        assert said in outcome(tmp_path / "odd.parquet", "y")


def test_a_damaged_page_of_a_parquet_file_is_told(tmp_path: Path) -> None:
    arrow, parquet = needs("pyarrow"), needs("pyarrow.parquet")
    parquet.write_table(arrow.table({"x": [[1.0] * 64] * 4, "y": [1] * 4}), tmp_path / "page.parquet")
    content = bytearray((tmp_path / "page.parquet").read_bytes())
    content[4:24] = b"\xff" * 20
    (tmp_path / "page.parquet").write_bytes(content)
    assert "page.parquet: " in outcome(tmp_path / "page.parquet", "y")
