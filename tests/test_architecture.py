"""The house rules as a test: `lint-imports` holds the floors and what they may not import, the rest stands here."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "nasgauge"

DOORS = {  # inner rooms with a door of their own, for their weight in imports or as a subject of their own
    "core": None,  # every module
    "benchmarks": {"building"},
    "estimators": {"zeroshot", "oneshot", "predictors", "registered", "context", "configuration"},
    "judging": {"scorefiles"},
    "nets": {"options"},  # what can be chosen, without torch
    "analyses": {"toolkit"},
}
FIRST_LEVEL = {"__init__.py", "__init__.pyi", "__main__.py", "py.typed"}


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    return names


def test_floors_and_families_hold(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == 0


def test_a_room_is_entered_through_its_door():
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room in ("studies", "interface", "cli", "__main__"):  # they know every room
            continue
        for name in imports(path):
            other, *inside = name.split(".")[1:] if name.startswith("nasgauge.") else [room]
            doors = DOORS.get(other, set())
            assert other == room or not inside or doors is None or inside[0] in doors, f"{path.name} imports {name}"


def test_no_module_on_the_first_level_and_never_three_folders():
    found = {p.name for p in PACKAGE.iterdir() if p.is_file()}
    assert found <= FIRST_LEVEL
    assert all(len(p.relative_to(PACKAGE).parts) <= 3 for p in PACKAGE.rglob("*.py"))


def test_no_two_files_import_each_other_directly_or_in_a_circle():
    files = {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in PACKAGE.rglob("*.py")}
    edges = {name: _imported(path) & files.keys() for name, path in files.items()}
    assert sum(map(len, edges.values())) > len(files)  # imports are seen
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as circle:
        raise AssertionError(" imports ".join(circle.args[1])) from None


def _imported(path: Path) -> set[str]:
    """Modules of all imports, also of those within functions; a name may be that of a module."""
    found = imports(path)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found
