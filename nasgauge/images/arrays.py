"""Arrays in an .npz file, found by their names: images and labels, whole or in parts. Nothing in it is executed."""

import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.images.own import PARTS, Own, labelled

_X, _Y = "(?:x|images|data)", "(?:y|labels|targets)"
_PART = "(train|valid|val|test)"
_KEYS = {kind: re.compile(f"{name}(?:_{_PART})?|{_PART}_{name}") for kind, name in (("x", _X), ("y", _Y))}
_MAX_BYTES = 64 << 30  # of the arrays as they unpack
_CHANNELS = (1, 3)
_DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, MemoryError, KeyError, NotImplementedError)
WANTED = "give images and labels, or x_train, y_train and so on (docs/data.md)"


def read_npz(path: Path) -> Own:
    """The images and labels of an .npz file.

    `images` and `labels` (also x or data; y or targets), or a pair for each part: x_train, y_train, also x_valid or
    x_val, and x_test (likewise train_images, train_labels). Images (N, H, W), (N, H, W, C) or (N, C, H, W), uint8 or
    float; labels (N,) or (N, 1), integers. `layout`: "NHWC" or "NCHW", where shapes do not tell; `n_classes`: where not
    every class occurs. UserError: whatever else.
    """
    arrays = load_arrays(path)
    pairs = _pairs(arrays, path)
    layout = _layout(arrays.get("layout"), path)
    images = {part: _channels_first(x, layout, f"{path}: {name}") for part, (name, x, _, _) in pairs.items()}
    labels = {part: _labels(y, f"{path}: {name}", len(images[part])) for part, (_, _, name, y) in pairs.items()}
    shapes = {part: (x.shape[1:], x.dtype.kind) for part, x in images.items()}
    if len(set(shapes.values())) > 1:
        told = ", ".join(f"{part} {shape} of {images[part].dtype}" for part, (shape, _) in shapes.items())
        raise UserError(f"{path}: the parts have different images ({told}); give all in one size and type")
    order = [part for part in ("", *PARTS) if part in images]
    whole = np.concatenate([images[part] for part in order]) if len(order) > 1 else images[order[0]]
    ends = np.cumsum([len(images[part]) for part in order])
    rows = {part: np.arange(end - len(images[part]), end) for part, end in zip(order, ends, strict=True)}
    joined = np.concatenate([labels[part] for part in order])
    n_classes = _n_classes(arrays.get("n_classes"), path)
    return labelled(path, joined, n_classes, None if "" in rows else rows, lambda chosen: whole[chosen])


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an .npz file by name; UserError: another file, a damaged one, or an array of Python objects."""
    try:
        with zipfile.ZipFile(path) as parts:
            n_bytes = sum(info.file_size for info in parts.infolist())
        if n_bytes > _MAX_BYTES:
            raise UserError(f"{path}: unpacks to {n_bytes:,} bytes, more than is read; give fewer images")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except _DAMAGED as error:
        reason = str(error).partition("\n")[0]
        raise UserError(f"{path}: is not an .npz file of plain arrays ({reason}); write it with np.savez") from error


def _pairs(arrays: Mapping[str, np.ndarray], path: Path) -> dict[str, tuple[str, np.ndarray, str, np.ndarray]]:
    """By part ("" for the whole): name and array of images, name and array of labels."""
    found: dict[tuple[str, str], str] = {}
    for name in arrays:
        for kind, pattern in _KEYS.items():
            match = pattern.fullmatch(name.lower())
            if match:
                part = {"val": "valid", None: ""}.get(match[1] or match[2], match[1] or match[2])
                if (part, kind) in found:
                    raise UserError(f"{path}: {found[part, kind]!r} and {name!r} may both be meant; keep one of them")
                found[part, kind] = name
    parts = {part for part, _ in found}
    has = ", ".join(map(repr, list(arrays)[:12])) or "nothing"
    if not parts or ("" not in parts and "train" not in parts):
        raise UserError(f"{path}: has no images of a training part, but {has}; {WANTED}")
    if "" in parts and len(parts) > 1:
        raise UserError(f"{path}: has both a whole and parts ({has}); keep one of the two")
    for part in parts:
        for kind, what in (("x", "images"), ("y", "labels")):
            if (part, kind) not in found:
                raise UserError(f"{path}: has no {what} of the {part or 'whole'}, but {has}; {WANTED}")
    names = {part: (found[part, "x"], found[part, "y"]) for part in parts}
    return {part: (x, arrays[x], y, arrays[y]) for part, (x, y) in names.items()}


def _layout(given: np.ndarray | None, path: Path) -> str | None:
    if given is None:
        return None
    if str(given) not in ("NHWC", "NCHW"):
        raise UserError(f"{path}: layout is {str(given)!r}; give 'NHWC' or 'NCHW'")
    return str(given)


def _n_classes(given: np.ndarray | None, path: Path) -> int | None:
    if given is None:
        return None
    if given.dtype.kind not in "iu" or given.size != 1:
        raise UserError(f"{path}: n_classes is {given!r:.60}; give one whole number")
    return int(given.reshape(()))


def _channels_first(x: np.ndarray, layout: str | None, where: str) -> np.ndarray:
    """(N, C, H, W), a view where possible."""
    if x.dtype != np.uint8 and x.dtype.kind != "f":
        raise UserError(f"{where} is of {x.dtype}; give uint8 or float, e.g. with .astype('uint8')")
    if 0 in x.shape or x.ndim not in (3, 4):
        raise UserError(f"{where} has the shape {x.shape}; give (N, H, W), (N, H, W, C) or (N, C, H, W)")
    if x.ndim == 3:
        return x[:, None]
    last, first = (x.shape[axis] in _CHANNELS for axis in (3, 1))
    if layout is None and last == first:
        why = "both 1 or 3 channels may be meant" if last else "neither has 1 or 3 channels"
        raise UserError(
            f"{where} has the shape {x.shape}, (N, C, H, W) or (N, H, W, C): {why}; add layout='NCHW' or "
            "layout='NHWC' to the file"
        )
    return x.transpose(0, 3, 1, 2) if (layout == "NHWC" if layout else last) else x


def _labels(y: np.ndarray, where: str, n: int) -> np.ndarray:
    flat = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if flat.ndim != 1 or flat.dtype.kind not in "iu":
        raise UserError(
            f"{where} is {y.dtype} of shape {y.shape}; give one whole number per image (of one-hot rows: .argmax(1))"
        )
    if len(flat) != n:
        raise UserError(f"{where} has {len(flat):,} labels for {n:,} images; give one an image")
    return flat.astype(np.int64)
