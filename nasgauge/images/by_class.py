"""Folders of pictures, a folder a class; above them, if there are parts, the folders train, valid and test."""

from pathlib import Path

import numpy as np

from nasgauge.core.errors import UserError
from nasgauge.images.own import Own, labelled
from nasgauge.images.pillow import header, picture

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
_PARTS = {"train": "train", "training": "train", "valid": "valid", "val": "valid", "validation": "valid",
          "test": "test", "testing": "test"}  # fmt: skip
_N_LOOKED_AT = 100  # pictures, by which a data set is grey or in colour
_REMEDY = "give all pictures one size and kind, or write an .npz"


def read_folder(path: Path) -> Own:
    """The pictures in `path/class/`, or in `path/train/class/` and likewise valid (or val) and test.

    Classes are numbered in the order of their folders' names. Grey if a hundred pictures, evenly spaced, all are, else
    in colour, and grey ones then get three equal channels. UserError: no folders, pictures of different sizes, a class
    without a picture or, of a part, that has no training picture.
    """
    parts = _parts(path)
    classes = [folder.name for folder in _folders(parts["train"])]
    files: list[Path] = []
    labels: list[int] = []
    rows: dict[str, np.ndarray] = {}
    for part, folder in parts.items():
        start = len(files)
        for each in _folders(folder):
            if each.name not in classes:
                raise UserError(f"{each}: the training part has no class {each.name!r}; it has {_few(classes)}")
            found = sorted(f for f in each.rglob("*") if f.suffix.lower() in SUFFIXES and not f.name.startswith("."))
            if not found:
                raise UserError(f"{each}: has no picture ({', '.join(SUFFIXES)}); remove the folder, or add some")
            files += found
            labels += [classes.index(each.name)] * len(found)
        rows[part] = np.arange(start, len(files))
    size, _ = header(files[0])
    step = max(1, len(files) // _N_LOOKED_AT)
    colour = any(header(file)[1] for file in files[::step])

    def pixels(chosen: np.ndarray) -> np.ndarray:
        each = [picture(files[i], size, colour, f"{files[i]}:", _REMEDY) for i in chosen]
        return np.stack(each).transpose(0, 3, 1, 2)

    stated = None if parts["train"] == path else rows
    return labelled(path, np.array(labels, np.int64), len(classes), stated, pixels)


def _parts(path: Path) -> dict[str, Path]:
    """The folder of each part, training first; the folder itself where it has none."""
    inside = _folders(path)
    named = [folder for folder in inside if folder.name.lower() in _PARTS]
    if not named:
        if not inside:
            raise UserError(f"{path}: has no folder of a class in it; put the pictures of each class into one")
        return {"train": path}
    if len(named) < len(inside):
        other = next(folder.name for folder in inside if folder not in named)
        raise UserError(f"{path}: has the part {named[0].name!r} and another folder {other!r}; keep one of the two")
    found: dict[str, Path] = {}
    for folder in named:
        part = _PARTS[folder.name.lower()]
        if part in found:
            raise UserError(f"{path}: {found[part].name!r} and {folder.name!r} are one part; keep one of them")
        found[part] = folder
    if "train" not in found:
        raise UserError(f"{path}: has no folder 'train', only {_few([f.name for f in named])}; add it")
    return {part: found[part] for part in ("train", "valid", "test") if part in found}


def _folders(path: Path) -> list[Path]:
    return sorted(each for each in path.iterdir() if each.is_dir() and not each.name.startswith("."))


def _few(names: list[str]) -> str:
    return ", ".join(map(repr, names[:5])) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
