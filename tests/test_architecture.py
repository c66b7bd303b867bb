"""The house rules as a test: which room may import which, and what a room may not import from outside."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "nasgauge"

MAY_IMPORT = {
    "errors": set(),
    "registry": {"errors"},
    "plugins": {"errors"},
    "tables": {"errors"},
    "spaces": {"errors", "registry"},
    "criteria": {"errors", "registry"},
    "naming": set(),
    "images": {"errors", "registry", "naming"},
    "workers": {"errors"},
    "progress": set(),
    "terminal": {"errors", "progress"},
    "shipped": set(),
    "listing": {"errors"},
    "store": {"errors"},
    "checkpoints": {"errors", "store"},
    "study": {"errors", "plugins", "tables"},
    "scorefiles": {"errors", "spaces", "tables"},
    "comparison": {"criteria", "judging", "progress", "spaces", "tables"},
    "judging": {"errors", "tables", "criteria", "progress"},
    "nets": {"errors", "registry", "spaces"},
    "benchmarks": {"errors", "registry", "naming", "spaces", "tables"},
    "official": {"errors", "spaces"},
    "importing": {"errors", "spaces", "official", "tables", "store"},
    "estimators": {"errors", "registry", "spaces", "nets", "images", "tables"},
    "analyses": {"errors", "registry", "spaces", "criteria", "tables"},
    "search": {"errors", "registry", "spaces", "tables"},
    "training": {"errors", "spaces", "nets", "images"},
    "report": {"errors", "analyses", "criteria", "progress", "spaces", "tables"},
    "families": {
        "errors",
        "registry",
        "spaces",
        "nets",
        "images",
        "study",
        "estimators",
        "checkpoints",
        "progress",
        "search",
    },
    "teaching": {"errors", "spaces", "benchmarks", "estimators", "families", "search"},
    "costing": {"families", "tables"},
    "units": {"spaces", "benchmarks", "families", "store", "study", "tables", "teaching"},
    "judgement": {
        *("errors", "comparison", "spaces", "benchmarks", "criteria", "judging", "progress", "report", "scorefiles"),
    },
    "studies": set(),
    "bench": {
        *("errors", "spaces", "nets", "images", "tables", "criteria", "training", "workers", "store", "study"),
        "progress",
    },
}
KNOWS_ALL = {
    *("run", "survey", "catalogue", "cli"),  # the arrow, several of it, the list of everything, the command line
    "folders",  # what lies in a folder, whoever wrote it
}
DOORS = {
    "estimators.zeroshot",
    "estimators.oneshot",
    "estimators.predictors",
}  # each estimator family has a door of its own, for its weight in imports
NO_TORCH = {
    *(
        "errors",
        "registry",
        "plugins",
        "naming",
        "tables",
        "spaces",
        "criteria",
        "judging",
        "judgement",
        "scorefiles",
        "study",
        "store",
    ),
    "workers",
    *(
        "benchmarks",
        "analyses",
        "report",
        "search",
        "official",
        "importing",
        "terminal",
        "shipped",
        "listing",
        "folders",
    ),
}


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
            if node.module == "nasgauge":
                names |= {f"nasgauge.{alias.name}" for alias in node.names}
    return names


def rooms() -> dict[str, list[Path]]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        part = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        found.setdefault(part, []).append(path)
    found.pop("__init__")
    return found


@pytest.mark.parametrize("room", rooms())
def test_a_room_imports_only_what_it_may_and_only_through_the_door(room):
    assert room in MAY_IMPORT or room in KNOWS_ALL, f"{room} has no rule"
    for path in rooms()[room]:
        for name in imports(path):
            if not name.startswith("nasgauge."):
                continue
            other, *inside = name.split(".")[1:]
            if other == room:
                continue
            if room not in KNOWS_ALL:
                assert other in MAY_IMPORT[room], f"{path.name} imports {name}"
            through_door = not inside or f"{other}.{inside[0]}" in DOORS
            assert through_door or room in KNOWS_ALL, f"{path.name} reaches inside {other}: {name}"


@pytest.mark.parametrize("room", sorted(NO_TORCH & set(rooms())))
def test_no_torch_where_none_is_needed(room):
    for path in rooms()[room]:
        assert not {n for n in imports(path) if n.split(".")[0] == "torch"}, f"{path.name} imports torch"


def test_only_workers_import_ray():
    for room, paths in rooms().items():
        for path in paths:
            assert room == "workers" or "ray" not in imports(path)


def test_rules_have_no_cycle():
    def reachable(room, seen):
        for other in MAY_IMPORT[room]:
            if other not in seen:
                seen.add(other)
                reachable(other, seen)
        return seen

    for room in MAY_IMPORT:
        assert room not in reachable(room, set())


def test_the_estimator_families_do_not_import_each_other():
    families = [p for p in (PACKAGE / "estimators").iterdir() if p.is_dir() and p.name != "__pycache__"]
    for family in families:
        for path in family.rglob("*.py"):
            for other in families:
                assert family == other or not any(f"estimators.{other.name}" in n for n in imports(path))


def test_two_folders_below_the_package_never_three():
    assert all(len(p.relative_to(PACKAGE).parts) <= 3 for p in PACKAGE.rglob("*.py"))
