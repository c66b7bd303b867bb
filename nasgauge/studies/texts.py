"""The shipped studies and recipes, by name. Imports nothing else to read them."""

from importlib import resources
from pathlib import Path


def study_names() -> list[str]:
    """The names of the shipped studies; those at the scale of the papers start with "paper/"."""
    return _names(_folder("nasgauge.studies") / "shipped")


def study_text(name: str) -> str | None:
    """The text of the shipped study of that name, None if there is none."""
    return _text(_folder("nasgauge.studies") / "shipped", name)


def recipe_names() -> list[str]:
    """The names of the shipped recipes of benchmarks."""
    return _names(_folder("nasgauge.benchmarks") / "recipes")


def recipe_text(name: str) -> str | None:
    """The text of the shipped recipe of that name, None if there is none."""
    return _text(_folder("nasgauge.benchmarks") / "recipes", name)


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.toml"))


def _text(folder: Path, name: str) -> str | None:
    return (folder / f"{name}.toml").read_text(encoding="utf-8") if name in _names(folder) else None


def _folder(package: str) -> Path:
    return Path(str(resources.files(package.partition(".")[0]))).joinpath(*package.split(".")[1:])
