"""References: `my_file.py:name` or `package.module:name` where a registered name could stand.

A file is looked for in the folder of the study that names it (`places.paths_from`), or in the current one. References
travel as text, with an absolute path once a study is parsed, and are loaded where they are looked up, once per process
and content: `load` sees that what it gives is what `sources.content` hashes.
"""

import hashlib
import importlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from nasgauge.core import sources
from nasgauge.core.errors import UserError, unknown_name
from nasgauge.core.places import here

F = TypeVar("F", bound=Callable[..., Any])
_OF_FILE = re.compile(r"(?P<file>[^\n]+\.py):(?P<name>[^\W\d]\w*)")
_OF_MODULE = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<name>[^\W\d]\w*)")
_TEXTS = ("title", "label")  # keys whose values are nobody's name
_files: dict[Path, tuple[str, ModuleType]] = {}  # by file: the hash of the content that was loaded, and its module
_imported: dict[Path, str] = {}  # files that Python itself imported for a reference, with the hash of each


def is_reference(name: object) -> bool:
    """Whether a name has a colon, which no registered one has.

    >>> is_reference("my_file.py:mine"), is_reference("synflow")
    (True, False)
    """
    return isinstance(name, str) and ":" in name


def short_name(name: str) -> str:
    """What tables call it: what stands after the colon of a reference, any other name itself.

    >>> short_name("my_file.py:mine"), short_name("synflow")
    ('mine', 'synflow')
    """
    return name.rpartition(":")[2] if _match(name) else name


def anchored(value: Any) -> Any:
    """Tables, lists and texts with the files of all references as absolute paths; the given ones stay as they are."""
    return _replaced(value, lambda file: os.path.abspath(Path(here().folder) / file))


def shortened(value: Any) -> Any:
    """Tables, lists and texts with the files of all references without their folders.

    >>> shortened({"proxies": ["synflow", "/home/me/my_file.py:mine"]})
    {'proxies': ['synflow', 'my_file.py:mine']}
    """
    return _replaced(value, os.path.basename)


def digest_of(value: Any) -> str:
    """Sixteen hex digits that depend on the content of all files that references in tables, lists and texts name.

    And of what these import from their own folder or package. "" without references. What cannot be found has no
    content: to say so is the look-up's.
    """
    found = sorted({text for text in _texts(value) if _match(text)})
    if not found:
        return ""
    parts = [shortened(text) + "\n" + _content(text) for text in found]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def cached_with_code(maxsize: int) -> Callable[[F], F]:
    """`functools.lru_cache` of a function of positional arguments, one of which may be a reference.

    What was computed with other code than the reference has now is not found again.
    """

    def decorated(function: F) -> F:
        kept = lru_cache(maxsize)(lambda code, *args: function(*args))

        @wraps(function)
        def call(*args: Any) -> Any:
            return kept(digest_of(args), *args)

        call.cache_clear = kept.cache_clear
        return call

    return decorated


def edited(value: Any) -> UserError:
    """The error for results of code that is no longer what stands in the files that `value` refers to."""
    names = ", ".join(sorted({shortened(text) for text in _texts(value) if _match(text)}))
    what = f"{names}: the code" if names else "a file that the study names"
    return UserError(f"{what} was edited during the run; run the same command again to use it as it is now")


def load(text: str) -> Any:
    """The object that a reference names.

    UserError: no reference; no such file or module; it cannot be imported, or has no such name; one of the files that
    it imports has changed since this process imported it.
    """
    found = _match(anchored(text))
    if not found:
        raise UserError(f"{text!r} is not a reference; write my_file.py:name or package.module:name")
    module = _of_file(Path(found["file"])) if "file" in found else _of_module(text, found["module"])
    if not hasattr(module, found["name"]):
        names = [n for n, thing in vars(module).items() if n[0] != "_" and not isinstance(thing, ModuleType)]
        where = found.get("file") or found["module"]
        hint = unknown_name("name", found["name"], names) if names else "it defines no names"
        raise UserError(f"{where}: {hint}")
    return getattr(module, found["name"])


def _match(text: str) -> dict[str, str] | None:
    found = _OF_FILE.fullmatch(text) or _OF_MODULE.fullmatch(text)
    return found.groupdict() if found else None


def _replaced(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {key: part if key in _TEXTS else _replaced(part, change) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_replaced(part, change) for part in value)
    found = _OF_FILE.fullmatch(value) if isinstance(value, str) else None
    return f"{change(found['file'])}:{found['name']}" if found else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            if key not in _TEXTS:
                yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _content(text: str) -> str:
    found = _match(anchored(text))
    files = sources.of_file(Path(found["file"])) if "file" in found else sources.of_module(found["module"])
    return sources.digest(files)


def _of_file(path: Path) -> ModuleType:
    """The module that the file makes, made again where its content has changed."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; write a reference as my_file.py:name, relative to the study's folder")
    files = sources.of_file(path)
    content = sources.digest(files)
    if path in _files and _files[path][0] == content:
        return _files[path][1]
    helpers = {file: found for file, found in files.items() if file != path}
    _check_unchanged(helpers)
    module = ModuleType(f"_nasgauge_{path.stem}_{hashlib.sha256(os.fsencode(path)).hexdigest()[:8]}")
    module.__file__ = str(path)
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module  # as dataclasses and pickle expect of a module
    _look_in(path.parent)
    try:
        exec(compile(files[path].content, str(path), "exec", dont_inherit=True), vars(module))
    except (Exception, SystemExit) as error:
        del sys.modules[module.__name__]
        if before is not None:
            sys.modules[module.__name__] = before
        raise UserError(f"{path}: importing it failed ({type(error).__name__}: {error}); fix the file") from error
    _check_own(path, helpers)
    _imported.update({file: found.hash for file, found in helpers.items()})
    _files[path] = content, module
    return module


def _of_module(text: str, name: str) -> ModuleType:
    _look_in(Path.cwd())
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UserError(
            f"{text!r}: {name!r} cannot be imported ({error}); write my_file.py:name, or package.module:name of what "
            "is installed"
        ) from error
    except (Exception, SystemExit) as error:
        raise UserError(f"{text!r}: importing {name!r} failed ({type(error).__name__}: {error}); fix it") from error
    files = sources.of_module(name)
    _check_unchanged(files)
    _imported.update({file: found.hash for file, found in files.items()})
    return module


def _look_in(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def _check_unchanged(files: dict[Path, sources.Source]) -> None:
    for file, found in files.items():
        if _imported.get(file, found.hash) != found.hash:
            raise UserError(f"{file}: has changed since this process imported it; restart Python")


def _check_own(path: Path, helpers: dict[Path, sources.Source]) -> None:
    """UserError where a name that the file imports was another folder's module already."""
    for file, found in helpers.items():
        there = getattr(sys.modules.get(found.module), "__file__", None)
        if there is not None and Path(there) != file and Path(there).read_bytes() != found.content:
            raise UserError(f"{path}: imports {found.module!r}, which is {there} in this process; rename {file.name}")
