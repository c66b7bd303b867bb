"""The files that a piece of Python depends on: its own, and those that it imports from its folder or package."""

import ast
import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple


class Source(NamedTuple):
    """A file that is imported: its content, and the name by which Python imports it ("" where it does not)."""

    content: bytes
    module: str

    @property
    def hash(self) -> str:
        """Of the content."""
        return hashlib.sha256(self.content).hexdigest()


def of_file(path: Path) -> dict[Path, Source]:
    """The file and the files beside it or in packages beside it that it imports, directly or not; none without it."""
    return _closure(path, "", path.parent, "") if path.is_file() else {}


def of_module(name: str) -> dict[Path, Source]:
    """The file of a module and those of its top-level package that it imports; none where there is no such file.

    A module that is a file in a folder of one's own imports from that folder, as in `of_file`.
    """
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        spec = importlib.util.find_spec(name)
    except (Exception, SystemExit):  # noqa: BLE001 - of a parent package, whose import the look-up reports
        return {}
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return {}
    path, top = Path(spec.origin), name.split(".")[0]
    is_package = path.name == "__init__.py"
    root = path.parents[name.count(".") + is_package]
    installed = {"site-packages", "dist-packages"} & set(root.parts) or root == Path(os.__file__).parent
    return _closure(path, name, root, top if installed else "")


def digest(files: Mapping[Path, Source]) -> str:
    """Hex digits of names and content, wherever the files lie; "" of none."""
    parts = sorted(f"{path.name}:{found.module}:{found.hash}" for path, found in files.items())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest() if parts else ""


def _closure(path: Path, name: str, root: Path, top: str) -> dict[Path, Source]:
    """The file, called `name`, and what it imports from below `root`: all of it, or of one top-level package."""
    found: dict[Path, Source] = {}
    waiting = [(path, name)]
    while waiting:
        file, module = waiting.pop()
        if file in found:
            continue
        found[file] = Source(file.read_bytes(), module)
        package = module if file.name == "__init__.py" else module.rpartition(".")[0]
        for wanted in _imports(found[file].content, package):
            if not top or wanted.split(".")[0] == top:
                waiting += _files_of(wanted, root)
    return found


def _imports(content: bytes, package: str) -> Iterator[str]:
    """The names of modules that a text may import, each with its parents; none where it is no Python."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            stem = ".".join([*filter(None, above), *([node.module] if node.module else [])])
            yield from filter(None, [stem, *(f"{stem}.{alias.name}".lstrip(".") for alias in node.names)])


def _files_of(name: str, root: Path) -> Iterator[tuple[Path, str]]:
    """The files below `root` that importing a module of that name would run."""
    parts = name.split(".")
    for n in range(1, len(parts) + 1):
        stem, module = root.joinpath(*parts[:n]), ".".join(parts[:n])
        for file in (stem / "__init__.py", stem.with_name(f"{stem.name}.py")):
            if file.is_file():
                yield file, module
                break
