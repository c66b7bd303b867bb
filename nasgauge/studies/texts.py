"""The shipped studies and recipes, by name. Imports no package to read them."""

from importlib import resources
from pathlib import Path
from typing import Literal

from nasgauge.core.errors import UserError, unknown_name


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


def named(kind: Literal["study", "recipe"], given: str | Path) -> tuple[str, str, Path | None]:
    """The TOML text of a study or recipe, a short name, and the folder of its file, None for a shipped one.

    given: the path of a file, or the name of a shipped one. UserError: neither, or a file that cannot be read.
    """
    from nasgauge.core.store import text_of  # late: imports pandas

    path = Path(given)
    if path.suffix == ".toml" or path.is_file():
        return text_of(path), path.stem, path.resolve().parent
    shipped, names = (study_text, study_names) if kind == "study" else (recipe_text, recipe_names)
    text = shipped(str(given))
    if text is None:
        raise unknown_name(f"{kind} (and no such file)", str(given), names())
    return text, str(given), None


def copy(name: str, to: Path) -> Path:
    """Write the text of the shipped study or recipe to a new file, or into a folder; returns the file.

    UserError: an unknown name, a file that exists or cannot be written.
    """
    text = study_text(name) or recipe_text(name)
    if text is None:
        raise unknown_name("study or recipe", name, [*study_names(), *recipe_names()])
    file = to / f"{name.rpartition('/')[2]}.toml" if to.is_dir() else to
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise UserError(f"{file}: exists already and is left as it is; name another file") from error
    except OSError as error:
        raise UserError(f"{file}: cannot be written ({error.strerror}); name another file") from error
    return file


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.toml"))


def _text(folder: Path, name: str) -> str | None:
    return (folder / f"{name}.toml").read_text(encoding="utf-8") if name in _names(folder) else None


def _folder(package: str) -> Path:
    return Path(str(resources.files(package.partition(".")[0]))).joinpath(*package.split(".")[1:])
