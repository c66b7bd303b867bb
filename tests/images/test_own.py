"""Images of one's own: .npz files and folders by class, and other layouts of published data sets."""

import io
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from nasgauge.core.errors import UserError
from nasgauge.images import ImageData, Split, load_images, own, splits_of
from nasgauge.images.loaders import own_loader

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (40, 6, 5), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (40, 6, 5, 3), dtype=np.uint8)
LABELS = np.arange(40) % 5


def saved(path, **arrays):
    np.savez(path, **arrays)
    return str(path)


def standard(pixels, train=slice(None)):
    """(N, C, H, W) less the mean and divided by the deviation of the training part, by channel."""
    pixels = pixels.astype("float64")
    mean, std = (getattr(pixels[train], name)((0, 2, 3), keepdims=True) for name in ("mean", "std"))
    return (pixels - mean) / std


FORMS = {
    "grey": ({"images": GREY}, GREY[:, None]),
    "grey floats": ({"images": (GREY / 255).astype("float32")}, GREY[:, None]),
    "halves": ({"x": (GREY / 256).astype("float16")}, GREY[:, None]),
    "channels last": ({"images": COLOUR}, COLOUR.transpose(0, 3, 1, 2)),
    "channels first": ({"data": COLOUR.transpose(0, 3, 1, 2)}, COLOUR.transpose(0, 3, 1, 2)),
    "one channel, last": ({"images": GREY[..., None]}, GREY[:, None]),
    "four channels": ({"images": np.concatenate([COLOUR, COLOUR[..., :1]], 3), "layout": "NHWC"},
                      np.concatenate([COLOUR, COLOUR[..., :1]], 3).transpose(0, 3, 1, 2)),
    "three pixels a row": ({"images": COLOUR[:, :3], "layout": "NHWC"}, COLOUR[:, :3].transpose(0, 3, 1, 2)),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("labels", ["labels", "y", "targets", "column"])
def test_arrays_become_standardised_images(form, labels, tmp_path):
    arrays, pixels = FORMS[form]
    given = {"labels": LABELS[:, None].astype("uint8")} if labels == "column" else {labels: LABELS}
    data = load_images(saved(tmp_path / "mine.npz", **arrays, **given))
    assert (data.name, data.n_classes, data.parts) == ("mine.npz", 5, None)
    np.testing.assert_allclose(data.images.numpy(), standard(pixels), atol=2e-3 if form == "halves" else 1e-5)
    assert data.images.dtype == torch.float32 and data.labels.tolist() == LABELS.tolist()


NAMES = [("x_{}", "y_{}"), ("{}_images", "{}_labels"), ("X_{}", "y_{}")]


@pytest.mark.parametrize(("x", "y"), NAMES)
@pytest.mark.parametrize("valid", ["valid", "val"])
def test_parts_are_kept_and_standardised_by_the_training_part(x, y, valid, tmp_path):
    parts = {"train": slice(0, 25), valid: slice(25, 30), "test": slice(30, 40)}
    given = {x.format(part): GREY[rows] for part, rows in parts.items()}
    given |= {y.format(part): LABELS[rows] for part, rows in parts.items()}
    data = load_images(saved(tmp_path / "mine.npz", **given))
    assert [len(rows) for rows in (data.parts.train, data.parts.valid, data.parts.test)] == [25, 5, 10]
    np.testing.assert_allclose(data.images.numpy(), standard(GREY[:, None], slice(0, 25)), atol=1e-5)
    some = load_images(str(tmp_path / "mine.npz"), n=25, rng=np.random.default_rng(1))
    train = data.images[data.parts.train]
    order = np.random.default_rng(1).permutation(25)
    assert torch.equal(some.images, train[order]) and some.n_classes == 5 and some.parts is None
    with pytest.raises(UserError, match="26 images are requested, it has 25 for training"):
        load_images(str(tmp_path / "mine.npz"), n=26, rng=np.random.default_rng(1))


def test_a_class_may_be_absent_where_their_number_is_stated(tmp_path):
    path = saved(tmp_path / "mine.npz", images=GREY, labels=LABELS, n_classes=7)
    assert load_images(path).n_classes == 7


def pixel(value):
    wrong = GREY.astype("float32")
    wrong[3, 2, 1] = value
    return wrong


WRONG = {
    "nothing": ({}, "has no images of a training part, but nothing"),
    "other names": ({"a": GREY, "b": LABELS}, "has no images of a training part, but 'a', 'b'"),
    "no labels": ({"images": GREY}, "has no labels of the whole"),
    "no images": ({"labels": LABELS}, "has no images of the whole"),
    "two names": ({"images": GREY, "x": GREY, "labels": LABELS}, "'images' and 'x' may both be meant"),
    "whole and parts": ({"x": GREY, "y": LABELS, "x_train": GREY, "y_train": LABELS}, "both a whole and parts"),
    "no training part": ({"x_test": GREY, "y_test": LABELS}, "no images of a training part"),
    "parts of other sizes": ({"x_train": GREY, "y_train": LABELS, "x_test": GREY[:, 1:], "y_test": LABELS},
                             "the parts have different images"),
    "parts of other types": ({"x_train": GREY, "y_train": LABELS, "x_test": GREY / 255, "y_test": LABELS},
                             "the parts have different images"),
    "flat": ({"images": GREY.reshape(40, -1), "labels": LABELS}, r"has the shape \(40, 30\)"),
    "integers": ({"images": GREY.astype("int64"), "labels": LABELS}, "is of int64; give uint8 or float"),
    "either layout": ({"images": COLOUR[:, :3], "labels": LABELS}, "both 1 or 3 channels may be meant; add layout"),
    "neither layout": ({"images": np.zeros((40, 4, 4, 4)), "labels": LABELS}, "neither has 1 or 3 channels"),
    "another layout": ({"images": COLOUR, "labels": LABELS, "layout": "HWC"}, "layout is 'HWC'"),
    "one-hot labels": ({"images": GREY, "labels": np.eye(5)[LABELS]}, r"of one-hot rows: .argmax\(1\)"),
    "floating labels": ({"images": GREY, "labels": LABELS * 1.0}, "one whole number per image"),
    "too few labels": ({"images": GREY, "labels": LABELS[1:]}, "39 labels for 40 images"),
    "labels from 1": ({"images": GREY, "labels": LABELS + 1}, "labels are 1 to 5, and there are 5 different ones"),
    "negative labels": ({"images": GREY, "labels": LABELS - 1}, "labels are -1 to 3"),
    "a gap": ({"images": GREY, "labels": LABELS * 2}, "labels are 0 to 8, and there are 5 different ones"),
    "too few classes": ({"images": GREY, "labels": LABELS, "n_classes": 4}, "labels are 0 to 4, and n_classes is 4"),
    "half a class": ({"images": GREY, "labels": LABELS, "n_classes": 4.5}, "give one whole number"),
    "an infinite pixel": ({"images": pixel(np.inf), "labels": LABELS}, "not finite"),
    "a pixel that is no number": ({"images": pixel(np.nan), "labels": LABELS}, "not finite"),
    "one colour": ({"images": np.full((40, 6, 5), 7.0), "labels": LABELS}, "channel 0 is 7 in every training image"),
    "objects": ({"images": np.array([GREY[0], None] * 20, dtype=object), "labels": LABELS}, "Object arrays cannot"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_is_ambiguous_or_wrong_is_refused_in_one_line(mistake, tmp_path):
    arrays, says = WRONG[mistake]
    with pytest.raises(UserError, match=says) as told:
        load_images(saved(tmp_path / "mine.npz", **arrays))
    assert "\n" not in str(told.value) and "mine.npz" in str(told.value)


def test_files_that_are_no_npz_are_refused(tmp_path):
    whole = (tmp_path / "mine.npz", saved(tmp_path / "mine.npz", images=GREY, labels=LABELS))[0].read_bytes()
    for name, content in {"text": b"text", "empty": b"", "half": whole[: len(whole) // 2]}.items():
        (tmp_path / f"{name}.npz").write_bytes(content)
        with pytest.raises(UserError, match=rf"{name}.npz: is not an .npz file of plain arrays"):
            load_images(str(tmp_path / f"{name}.npz"))
    with pytest.raises(UserError, match=r"nowhere\.npz: No such file"):
        load_images(str(tmp_path / "nowhere.npz"))
    with pytest.raises(UserError, match="is a path already; leave data_path out"):
        load_images(str(tmp_path / "mine.npz"), "there")
    (tmp_path / "a.csv").write_text("a")
    with pytest.raises(UserError, match=r"a.csv: is not a data set; give an .npz file, or a folder"):
        load_images(str(tmp_path / "a.csv"))
    with pytest.raises(UserError, match=r"unknown data set 'faces'.*\(a folder is written with a slash: ./faces\)"):
        load_images("faces")


def test_a_file_that_has_changed_is_read_anew(tmp_path):
    path = saved(tmp_path / "mine.npz", images=GREY, labels=LABELS)
    before = load_images(path)
    saved(path, images=GREY[::-1].copy(), labels=LABELS)
    after = load_images(path)
    assert torch.equal(after.images, before.images.flip(0)) and before.fingerprint != after.fingerprint
    saved(path, images=GREY, labels=LABELS)
    assert load_images(path).fingerprint == before.fingerprint


def test_constants_of_many_images_are_those_of_a_sample_whatever_is_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(own, "N_STANDARD", 8)
    path = saved(tmp_path / "mine.npz", images=GREY, labels=LABELS)
    whole = load_images(path)
    eight = np.random.default_rng(0).permutation(40)[:8]
    np.testing.assert_allclose(whole.images.numpy(), standard(GREY[:, None], eight), atol=1e-5)
    some = load_images(path, n=6, rng=np.random.default_rng(3))
    assert torch.equal(some.images, whole.images[np.random.default_rng(3).permutation(40)[:6]])


def pictures(folder, pixels, labels, ending=".png"):
    """Each picture in the folder of its class."""
    for i, (picture, label) in enumerate(zip(pixels, labels, strict=True)):
        place = folder / f"class_{label}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(place / f"{i:03}{ending}")
    return str(folder)


def in_order(labels):
    return np.argsort(labels, kind="stable")


@pytest.mark.parametrize(("pixels", "ending"), [(GREY, ".png"), (COLOUR, ".png"), (COLOUR, ".BMP"), (GREY, ".pgm")])
def test_a_folder_a_class_is_a_data_set(pixels, ending, tmp_path):
    path = pictures(tmp_path / "mine", pixels, LABELS, ending)
    (tmp_path / "mine" / "class_0" / "notes.txt").write_text("no picture")
    (tmp_path / "mine" / ".cache").mkdir()
    data = load_images(path)
    rows = in_order(LABELS)
    first = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2)
    np.testing.assert_allclose(data.images.numpy(), standard(first)[rows], atol=1e-5)
    assert data.labels.tolist() == LABELS[rows].tolist() and data.parts is None
    some = load_images(path, n=7, rng=np.random.default_rng(2))
    assert torch.equal(some.images, data.images[np.random.default_rng(2).permutation(40)[:7]])


@pytest.mark.parametrize("names", [("train", "valid", "test"), ("training", "val", "test"), ("train", None, "test")])
def test_parts_stand_above_the_classes(names, tmp_path):
    for name, rows in zip(names, (slice(0, 20), slice(20, 25), slice(25, 40)), strict=True):
        if name:
            pictures(tmp_path / "mine" / name, GREY[rows], LABELS[rows])
    data = load_images(str(tmp_path / "mine"))
    n_valid = 5 if names[1] else 0
    assert [len(p) for p in (data.parts.train, data.parts.valid, data.parts.test)] == [20, n_valid, 15]
    train = data.images[data.parts.train].numpy()
    np.testing.assert_allclose(train, standard(GREY[:20, None])[in_order(LABELS[:20])], atol=1e-5)
    splits = splits_of(data, 12, 3, 4)
    for split in splits:
        assert set(split.train.tolist()).isdisjoint(split.valid.tolist())
        assert torch.equal(split.test, data.parts.test)
        among = data.parts.valid if n_valid else data.parts.train
        assert set(split.valid.tolist()) <= set(among.tolist())


def test_without_a_test_part_no_truth_is_built(tmp_path):
    path = saved(tmp_path / "m.npz", x_train=GREY[:30], y_train=LABELS[:30], x_val=GREY[30:], y_val=LABELS[30:])
    with pytest.raises(UserError, match=r"m.npz has no images for testing; add a part test"):
        splits_of(load_images(path), 5, 5, 1)


def _another_size(folder):
    Image.fromarray(GREY[0].T).save(folder / "class_4" / "999.png")


def _colour(folder):
    Image.fromarray(COLOUR[0]).save(folder / "class_4" / "0001.png")


FOLDERS = {
    "another size": (_another_size, r"class_4/999.png: has \(6, 5\) pixels; expected 5 by 6"),
    "no picture": (lambda f: (f / "class_4" / "a.png").write_text("x"), "class_4/a.png: is not an image"),
    "half a picture": (lambda f: (f / "class_4" / "a.png").write_bytes((f / "class_4" / "004.png").read_bytes()[:60]),
                       "class_4/a.png: is (not an image|a damaged picture)"),
    "16 bits": (lambda f: Image.fromarray(GREY[0].astype("uint16")).save(f / "class_4" / "a.png"),
                r"class_4/a.png: has pixels of the kind 'I;16'; save it with 8 bits a channel"),
    "a class without pictures": (lambda f: (f / "class_9").mkdir(), "class_9: has no picture"),
    "a part among classes": (lambda f: (f / "train").mkdir(), "has the part 'train' and another folder 'class_0'"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", FOLDERS)
def test_folders_with_mistakes_are_refused(mistake, tmp_path):
    change, says = FOLDERS[mistake]
    path = pictures(tmp_path / "mine", GREY, LABELS)
    change(tmp_path / "mine")
    with pytest.raises(UserError, match=says):
        load_images(path)


def test_folders_of_other_structures_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty: has no folder of a class in it"):
        load_images(str(tmp_path / "empty"))
    pictures(tmp_path / "tests" / "test", GREY, LABELS)
    with pytest.raises(UserError, match="tests: has no folder 'train', only 'test'"):
        load_images(str(tmp_path / "tests"))
    pictures(tmp_path / "two" / "train", GREY[:4], LABELS[:4])
    pictures(tmp_path / "two" / "test", GREY, LABELS)
    with pytest.raises(UserError, match="class_4: the training part has no class 'class_4'; it has 'class_0'"):
        load_images(str(tmp_path / "two"))
    pictures(tmp_path / "two" / "training", GREY[:4], LABELS[:4])
    with pytest.raises(UserError, match="'train' and 'training' are one part"):
        load_images(str(tmp_path / "two"))


def test_grey_pictures_among_coloured_ones_get_three_equal_channels(tmp_path, monkeypatch):
    path = pictures(tmp_path / "mine", COLOUR, LABELS)
    Image.fromarray(GREY[0]).save(tmp_path / "mine" / "class_0" / "000.png")
    data = load_images(path)
    assert data.images.shape[1] == 3
    pictures(tmp_path / "grey", GREY, LABELS)
    _colour(tmp_path / "grey")
    monkeypatch.setattr("nasgauge.images.by_class._N_LOOKED_AT", 1)
    with pytest.raises(UserError, match=r"class_4/0001\.png: is in colour, others of the data set are grey"):
        load_images(str(tmp_path / "grey"))


def packed(made, path, mode):
    with tarfile.open(path, mode) as tar:
        for name in ("readme.html", *reversed(made.batches)):  # the order of an archive is any
            content = (made.folder / name).read_bytes() if name in made.batches else b"x"
            info = tarfile.TarInfo(f"folder/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


ARCHIVES = {"cifar10": "cifar-10-python", "cifar100": "cifar-100-python", "imagenet16-120": "ImageNet16"}
FOLDERS_WITHIN = {"cifar10": "cifar-10-batches-py", "cifar100": "cifar-100-python", "imagenet16-120": "ImageNet16"}


@pytest.mark.parametrize("ending", [".tar.gz", ".tgz", ".tar"])
def test_archives_and_the_folders_around_them_are_the_official_layout(made, ending, tmp_path):
    whole = load_images(made.name, made.folder)
    (tmp_path / "root").mkdir()
    file = packed(made, tmp_path / "root" / f"{ARCHIVES[made.name]}{ending}", "w" if ending == ".tar" else "w:gz")
    for path in (file, file.parent):
        data = load_images(made.name, path)
        assert torch.equal(data.images, whole.images) and torch.equal(data.labels, whole.labels)
    made.folder.rename(tmp_path / FOLDERS_WITHIN[made.name])  # as torchvision unpacks it
    assert torch.equal(load_images(made.name, tmp_path).images, whole.images)


def test_archives_of_another_content_are_refused(made, tmp_path):
    file = packed(made, tmp_path / "a.tar.gz", "w:gz")
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=r"a\.tar\.gz: (is not the archive of|has no) .*official archive"):
        load_images(made.name, file)
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        tar.add(made.folder / made.batches[0], "x/" + made.batches[0] + ".txt")
    with pytest.raises(UserError, match=rf"b.tar: has no {made.batches[0]}; give the whole official archive"):
        load_images(made.name, tmp_path / "b.tar")


def test_an_archive_that_asks_for_code_is_refused_and_not_run(made, tmp_path):
    import os
    import pickle

    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    (made.folder / made.batches[-1]).write_bytes(pickle.dumps(made.batch(data=Evil())))
    with pytest.raises(UserError, match=r"requests posix\.system"):
        load_images(made.name, packed(made, tmp_path / "a.tgz", "w:gz"))
    assert not (tmp_path / "ran").exists()


def test_npz_files_of_the_same_arrays_are_read(made, tmp_path):
    """The layout in which ImageNet at 16 pixels is offered besides pickles: a file a batch, or one of all."""
    whole = load_images(made.name, made.folder)
    n, labels = len(made.labels), made.labels + made.first
    flat = made.pixels.reshape(n, -1)
    (tmp_path / "npz").mkdir()
    for i in range(11):
        rows = slice(i * n // 11, (i + 1) * n // 11)
        saved(tmp_path / "npz" / f"train_data_batch_{i + 1}.npz", data=flat[rows], labels=labels[rows], mean=flat[0])
    single = saved(tmp_path / "all.npz", data=flat, labels=labels)
    for path in (tmp_path / "npz", single):
        data = load_images(made.name, path)
        assert torch.equal(data.images, whole.images) and torch.equal(data.labels, whole.labels)
    saved(tmp_path / "all.npz", data=flat[:, 3:], labels=labels)
    with pytest.raises(UserError, match=r"all.npz: is not an .npz of .* batches \(data is"):
        load_images(made.name, single)


def test_pictures_by_class_are_a_published_data_set(made, tmp_path):
    names = [f"{label:04}" for label in made.labels]
    for i, (pixels, name) in enumerate(zip(made.pixels, names, strict=True)):
        (tmp_path / "png" / "train" / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.transpose(1, 2, 0)).save(tmp_path / "png" / "train" / name / f"{i:04}.png")
    data = load_images(made.name, tmp_path / "png")
    rows = in_order(made.labels)
    np.testing.assert_allclose(data.images.numpy(), made.standard[rows], atol=1e-5)
    assert data.labels.tolist() == made.labels[rows].tolist() and data.name == made.name
    (tmp_path / "png" / "train" / names[0]).rename(tmp_path / "away")
    with pytest.raises(UserError, match=rf"has {made.n_classes - 1} folders of classes, .* has {made.n_classes}"):
        load_images(made.name, tmp_path / "png")


def test_batches_that_are_missing_or_there_twice_are_refused(made, tmp_path):
    flat, labels = made.pixels.reshape(len(made.labels), -1), made.labels + made.first
    for number in range(1, 12):
        saved(tmp_path / f"train_data_batch_{number}.npz", data=flat, labels=labels)
    (tmp_path / "train_data_batch_4.npz").rename(tmp_path / "four.npz")
    with pytest.raises(UserError, match=r"train_data_batch_4\.npz is missing; give all 11 batches"):
        load_images(made.name, tmp_path)
    (tmp_path / "four.npz").rename(tmp_path / "train_data.npz")
    with pytest.raises(UserError, match=r"has train_data\.npz and batches of it; remove one of the two forms"):
        load_images(made.name, tmp_path)


ORDERS = {
    "mirrored": lambda images: images[..., ::-1],
    "another byte order": lambda images: images.astype(">f4"),
    "long doubles": lambda images: images.astype("longdouble"),
    "doubles": lambda images: images.astype("float64"),
}


@pytest.mark.parametrize("order", ORDERS)
def test_arrays_of_any_order_are_images(order, tmp_path):
    images = ORDERS[order](GREY[:, None].astype("float32"))
    expected = torch.from_numpy(np.array(images, dtype="float32"))
    data = own_loader((images, LABELS), "pair")(None, np.arange)
    assert torch.equal(data.images, expected) and data.images.dtype == torch.float32
    mine = load_images(saved(tmp_path / "mine.npz", images=images, labels=LABELS))
    np.testing.assert_allclose(mine.images.numpy(), standard(np.array(images, dtype="float64")), atol=1e-5)


@pytest.mark.parametrize("labels", [np.array(list("ab") * 20), np.array([None] * 40)])
def test_arrays_of_anything_but_numbers_are_refused(labels):
    with pytest.raises(UserError, match=r"data set 'pair': gives an array of dtype .*; give arrays of numbers"):
        own_loader((GREY[:, None].astype("float32"), labels), "pair")(None, np.arange)


def test_a_sample_of_ones_own_data_with_parts_is_of_the_training_part():
    rows = torch.arange(40)
    images = rows.float()[:, None, None, None].expand(40, 1, 2, 2)
    whole = ImageData("mine", images, rows % 5, 5, Split(rows[3:12], rows[12:20], rows[20:]))
    load = own_loader(lambda: whole, "mine")
    assert load(None, np.arange) is whole
    for n in (4, 9):
        drawn = load(None, lambda k, n=n: np.random.default_rng(0).permutation(k)[:n])
        assert drawn.parts is None and len(drawn.labels) == n
        assert set(drawn.images[:, 0, 0, 0].int().tolist()) <= set(range(3, 12))
