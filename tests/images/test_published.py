"""CIFAR-10, CIFAR-100 and ImageNet16-120 from their published layouts: the same promises, the same refusals."""

import io
import os
import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from nasgauge.core.errors import UserError
from nasgauge.images import load_images
from nasgauge.images.published import Published


def refused(name, path, says):
    """The one line that says why the files are refused."""
    with pytest.raises(UserError, match=says) as told:
        load_images(name, path)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_values_standardisation_and_labels_of_the_official_layout(made):
    data = load_images(made.name, made.folder)
    assert (data.name, data.n_classes, data.parts) == (made.name, made.n_classes, None)
    assert data.images.dtype == torch.float32 and data.images.shape == made.pixels.shape
    np.testing.assert_allclose(data.images.numpy(), made.standard, atol=1e-5)
    assert data.labels.tolist() == made.labels.tolist()
    assert data.labels.unique().tolist() == list(range(made.n_classes))


def test_the_parquet_release_gives_the_same_as_a_file_and_as_a_folder(released):
    made, file = released
    whole = load_images(made.name, made.folder)
    for path in (file, file.parent):
        data = load_images(made.name, path)
        assert torch.equal(data.images, whole.images) and torch.equal(data.labels, whole.labels)


def test_parquet_files_of_which_one_is_missing_are_refused(released, tmp_path):
    made, file = released
    first = tmp_path / "train-00000-of-00002.parquet"
    shutil.copy(file, first)
    for path in (tmp_path, first):
        refused(made.name, path, r"train-00000-of-00002\.parquet: is one of 2 files, found: 1")


def test_the_authors_spelling_of_a_name_is_known(made):
    spelled = {"cifar10": "CIFAR-10", "cifar100": "CIFAR100", "imagenet16-120": "ImageNet16-120"}[made.name]
    assert load_images(spelled, made.folder).name == made.name


def test_a_sample_is_drawn_with_the_generator_and_without_replacement(made):
    whole, n = load_images(made.name, made.folder), len(made.labels)
    some = load_images(made.name, made.folder, n=20, rng=np.random.default_rng(3))
    rows = np.random.default_rng(3).permutation(n)[:20]
    assert torch.equal(some.images, whole.images[rows]) and torch.equal(some.labels, whole.labels[rows])
    with pytest.raises(UserError, match=f"{made.name}: {n + 1} images are requested, it has {n}"):
        load_images(made.name, made.folder, n=n + 1, rng=np.random.default_rng(3))


def test_only_the_images_of_a_sample_become_floats(made, monkeypatch):
    given, data = [], Published.data
    monkeypatch.setattr(
        Published, "data", lambda self, pixels, labels: given.append(pixels) or data(self, pixels, labels)
    )
    load_images(made.name, made.folder, n=7, rng=np.random.default_rng(0))
    assert [pixels.shape for pixels in given] == [(7, *made.pixels.shape[1:])]


def test_only_the_pictures_of_a_sample_are_decoded(released):
    made, file = released
    table, n = pd.read_parquet(file), len(made.labels)
    wanted = set(np.random.default_rng(5).permutation(n)[:8].tolist())
    table["img"] = [cell if i in wanted else {"bytes": b"none", "path": None} for i, cell in enumerate(table["img"])]
    table.to_parquet(file)
    assert len(load_images(made.name, file, n=8, rng=np.random.default_rng(5)).labels) == 8
    refused(made.name, file, r"train-0\.parquet: row \d+: column 'img' is not an image .*; download the file again")


def test_a_pickle_that_asks_for_code_is_refused_and_not_run(made, tmp_path):
    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    file = made.folder / made.batches[-1]
    file.write_bytes(pickle.dumps(made.batch(data=Evil())))
    refused(
        made.name, made.folder,
        rf"{file.name}: is not an official {made.title} batch \(requests posix\.system\); unpack the official archive",
    )  # fmt: skip
    assert not (tmp_path / "ran").exists()


def pixels_of(made, n=10):
    return np.zeros((n, 3 * made.side**2), np.uint8)


BATCHES = {  # what stands in a batch, and what is said of it
    "a list of pixels": (lambda m: m.batch(data=pixels_of(m).tolist()), "data is of type list"),
    "floats": (lambda m: m.batch(data=pixels_of(m).astype(float)), "of float64, not"),
    "a row of pixels": (lambda m: m.batch(data=pixels_of(m).reshape(-1)), "of uint8, not"),
    "other pictures": (lambda m: m.batch(data=np.zeros((10, 48), np.uint8)), r"data is \(10, 48\) of uint8, not"),
    "no labels": (lambda m: {"data": pixels_of(m)}, "no 'labels'|no 'fine_labels'"),
    "no pixels": (lambda m: {m.key: [m.first] * 10}, "no 'data'"),
    "labels under another key": (lambda m: {"data": pixels_of(m), "coarse_labels": [1] * 10}, "no '(fine_)?labels'"),
    "too few labels": (lambda m: m.batch(labels=[m.first] * 9), "10 images and 9 labels"),
    "a class too many": (lambda m: m.batch(labels=[m.last + 1] * 10), "labels are .* has . to .*; give the files of"),
    "a class too few": (lambda m: m.batch(labels=[m.first - 1] * 10), "labels are .* has . to .*; give the files of"),
    "labels that are texts": (lambda m: m.batch(labels=["cat"] * 10), "not a list of integers"),
    "labels that are fractions": (lambda m: m.batch(labels=np.full(10, 1.5)), "not a list of integers"),
    "huge labels": (lambda m: m.batch(labels=[10**30] * 10), "not a list of integers"),
    "nested labels": (lambda m: m.batch(labels=[[1]] * 10), "not a list of integers"),
    "ragged labels": (lambda m: m.batch(labels=[[1], 1] * 5), "not a list of integers"),
    "no label": (lambda m: m.batch(labels=[]), "not a list of integers"),
    "no table": (lambda m: [pixels_of(m), [1] * 10], "is not an official"),
    "nothing": (lambda m: None, "is not an official"),
    "a number": (lambda m: 7, "is not an official"),
}


@pytest.mark.parametrize("content", BATCHES)
def test_batches_of_another_content_are_refused_in_one_line(made, content):
    batch, says = BATCHES[content]
    file = made.folder / made.batches[-1]
    file.write_bytes(pickle.dumps(batch(made), protocol=2))
    said = refused(made.name, made.folder, f"{file.name}: .*({says})")
    assert "again" in said or "give the files of" in said


@pytest.mark.parametrize("keep", [0, 1, 2, 50, 400, 5_000])
def test_truncated_batches_are_refused_in_one_line(made, keep):
    file = made.folder / made.batches[0]
    file.write_bytes(file.read_bytes()[:keep])
    refused(
        made.name,
        made.folder,
        f"{file.name}: is not an official {made.title} batch .*; unpack the official archive again",
    )


def array_asked_for(n_bytes):
    """The instructions that make an array of bytes of that size, without its content."""
    shape = b"(\x8a\x08" + n_bytes.to_bytes(8, "little") + b"t"
    return b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n" + shape + b"U\x01btR."


def test_a_giant_array_in_a_batch_is_never_allocated(made):
    file = made.folder / made.batches[-1]
    file.write_bytes(array_asked_for(2**60))
    refused(made.name, made.folder, f"{file.name}: is not an official")


class Empty:
    """An array that a file can promise without holding it: all rows are one."""

    def __init__(self, n, width):
        self.n, self.width = n, width

    def __reduce__(self):
        return np.ndarray, ((self.n, self.width), np.dtype("u1"), bytes(self.width), 0, (0, 1))


def test_arrays_larger_than_their_file_are_refused_before_they_are_copied(made):
    file = made.folder / made.batches[-1]
    file.write_bytes(pickle.dumps(made.batch(data=Empty(10**9, 3 * made.side**2)), protocol=2))
    refused(made.name, made.folder, rf"{file.name}: .*data has [\d,]{{12,}} bytes, the file [\d,]+\)")


def test_lists_that_name_each_other_are_not_written_out(made):
    labels = [1] * 10
    for _ in range(30):  # 10^31 numbers in all
        labels = [labels] * 10
    file = made.folder / made.batches[-1]
    file.write_bytes(pickle.dumps(made.batch(labels=labels), protocol=2))
    refused(made.name, made.folder, f"{file.name}: .*not a list of integers")


class Encoded:
    def __reduce__(self):
        return __import__("_codecs").encode, ("x" * 10, "punycode")


def test_no_codec_is_looked_up_for_a_pickle(made):
    file = made.folder / made.batches[-1]
    file.write_bytes(pickle.dumps(made.batch(data=Encoded()), protocol=2))
    refused(made.name, made.folder, f"{file.name}: .*requests the codec 'punycode'")


def test_a_batch_larger_than_any_official_one_is_not_read(made):
    file = made.folder / made.batches[-1]
    with file.open("r+b") as handle:
        handle.truncate(500_000_001)  # sparse
    refused(made.name, made.folder, rf"{file.name}: is not an official {made.title} batch \(500,000,001 bytes\)")


def test_batches_of_later_versions_of_numpy_and_pickle_are_read(made):
    """Saved anew by a present Python: numpy._core and framed bytes."""
    for name in made.batches:
        content = pickle.loads((made.folder / name).read_bytes(), encoding="latin1")
        (made.folder / name).write_bytes(pickle.dumps(content, protocol=4))
    np.testing.assert_allclose(load_images(made.name, made.folder).images.numpy(), made.standard, atol=1e-5)


def test_what_is_not_there_is_named_with_the_remedy(made, tmp_path):
    first = made.batches[0]
    wanted = rf"set data_path to the folder with {first}.* of the official {made.title} archive"
    refused(made.name, None, f"{made.name}: is not shipped; {wanted}")
    refused(made.name, tmp_path / "nowhere", f"{made.name}: .*nowhere does not exist; {wanted}")
    (tmp_path / "empty").mkdir()
    refused(made.name, tmp_path / "empty", f"{made.name}: .*empty contains neither {first} .*; {wanted}")
    os.mkfifo(tmp_path / "pipe")
    refused(made.name, tmp_path / "pipe", f"{made.name}: .*pipe contains neither .*; {wanted}")


@pytest.mark.parametrize("made", ["cifar10", "imagenet16-120"], indirect=True)
def test_an_archive_that_is_not_whole_is_refused(made):
    (made.folder / made.batches[2]).unlink()
    refused(
        made.name, made.folder, f"{made.batches[2]}: is missing, or no file; unpack the whole archive of {made.title}"
    )


@pytest.mark.parametrize("made", ["imagenet16-120"], indirect=True)
def test_archives_of_other_classes_or_labels_from_zero_are_refused(made):
    for name in made.batches:
        (made.folder / name).write_bytes(pickle.dumps(made.batch(labels=[500] * 10), protocol=2))
    refused(made.name, made.folder, r"train_data_batch_1: no image is of the first 120 classes")
    (made.folder / made.batches[3]).write_bytes(pickle.dumps(made.batch(labels=[0, *[119] * 9]), protocol=2))
    refused(
        made.name, made.folder, r"train_data_batch_4: labels are 0 to 119; ImageNet16 has 1 to 1000; give the files"
    )


def test_parquet_files_of_another_content_are_refused_in_one_line(released, tmp_path):
    made, file = released
    table, n = pd.read_parquet(file), len(made.labels)
    small = io.BytesIO()
    Image.new("RGB", (16, 16)).save(small, "PNG")
    cells = [{"bytes": b"x"}, {"bytes": None}, {"path": "a"}, {"bytes": small.getvalue()}]
    bad = [table.assign(img=[cell] * n) for cell in cells] + [table.assign(img="a"), table.assign(img=1.5)]
    labels = (made.last + 1, -1, 0.5, "cat", [[0]] * n)
    bad += [table.assign(**{made.column: label}) for label in labels] + [table.iloc[:0]]
    for i, wrong in enumerate(bad):
        wrong.to_parquet(tmp_path / f"w{i}.parquet")
        said = refused(made.name, tmp_path / f"w{i}.parquet", rf"w{i}\.parquet: ")
        assert "again" in said or "give the files of" in said
    file.write_bytes(file.read_bytes()[:1000])
    refused(made.name, file, "train-0.parquet: cannot be read as Parquet .*; download it again")


def test_the_files_of_another_data_set_are_named(released, tmp_path):
    made, file = released
    other, column = {"cifar10": ("cifar100", "fine_label"), "cifar100": ("cifar10", "label")}[made.name]
    refused(other, file, f"column '{column}' is missing; .*give its Parquet file")
    refused("imagenet16-120", file, r"imagenet16-120: .*train-0\.parquet contains neither train_data_batch_1")
    pd.DataFrame({made.column: [1]}).to_parquet(tmp_path / "x.parquet")
    refused(made.name, tmp_path / "x.parquet", "column 'img' is missing")
