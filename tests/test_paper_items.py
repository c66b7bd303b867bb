"""docs/paper-items.md: what its rows name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "paper-items.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| item |")
]
WORDS = frozenset(
    word
    for path in (ROOT / "nasgauge").rglob("*")
    if path.suffix in (".py", ".toml")
    for word in re.findall(r"[\w-]+", path.read_text(encoding="utf-8"))
)
FILES = frozenset(path.stem for path in (ROOT / "nasgauge").rglob("*") if path.suffix in (".py", ".toml", ".csv"))
RESULTS = {
    *("agrees", "differs", "undecided", "not tested", "partly", "improves", "no effect", "no gain", "opposite"),
    *("reproduced", "reversed", "not better", "not contradicted", "not in τₐ", "not reproduced", "not seen"),
    *("not significant", "not supported", "not worse", "definition only", "absent", "–"),
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}, {row[1]}"[:60])
def test_names_pages_and_verdicts_exist(row):
    item, subject, where, result = row
    assert item and subject and where
    assert set(result.split(" / ")) <= RESULTS
    for path in re.findall(r"(?:docs|examples)/[\w/.-]+\.(?:md|py|toml)", where):
        assert (ROOT / path).is_file(), path
    for name in re.findall(r"`([^`]+)`", where):
        for word in re.findall(r"[A-Za-z_][\w-]*", name.removeprefix("paper/").removeprefix("nasgauge bench import")):
            assert word in WORDS | FILES, word


def test_verdicts_are_explained_on_the_page():
    head = PAGE[: PAGE.index("\n## ")]
    assert all(word in " ".join(head.split()) for word in RESULTS)
