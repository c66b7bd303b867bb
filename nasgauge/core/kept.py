"""What the folder of a study keeps: its configuration, and of the user's files their folder, what they contained, and
copies of small ones."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from nasgauge.core.config import parsed
from nasgauge.core.errors import UserError
from nasgauge.core.places import Place, copied_as, paths_from
from nasgauge.core.remote import AnyPath, absolute
from nasgauge.core.replacing import write_atomically
from nasgauge.core.store import Store, text_of

T = TypeVar("T")
SOURCES, KEPT = "sources.json", "sources"


def keep(folder: AnyPath, place: Place, prints: Mapping[str, str], tables: Mapping[str, Path]) -> None:
    """Record in the folder of a study where its relative paths start and what its files contain.

    prints: by path, the fingerprint; tables: by path as it is written, the files of which a copy is kept.
    """
    content = json.dumps({"folder": place.folder, "files": dict(prints)}, indent=1).encode()
    target = folder / SOURCES
    if not target.is_file() or target.read_bytes() != content:
        write_atomically(target, content)
    for text, path in tables.items():
        copy = folder / KEPT / copied_as(text)
        if copy != path:
            write_atomically(copy, path.read_bytes())


def kept(folder: AnyPath) -> tuple[Place | None, dict[str, str]]:
    """What `keep` recorded in a folder: the place, and fingerprints by path; None and none where there is nothing."""
    path = folder / SOURCES
    if not path.is_file():
        return None, {}
    try:
        content = json.loads(text_of(path))
        return Place(str(content["folder"]), str(absolute(folder / KEPT))), dict(content["files"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UserError(f"{path}: is damaged ({error}); remove it, the next run regenerates it") from error


def stored(store: Store, kind: type[T]) -> T:
    """The configuration whose tables are in a folder, with its relative paths and references where they started."""
    with paths_from(kept(store.folder)[0] or store.origin):
        return parsed(store.tables(), kind, str(store.folder))
