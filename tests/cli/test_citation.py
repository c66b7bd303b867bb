"""CITATION.cff: what `cite` and the package say, and the papers as the BibTeX entries have them."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from nasgauge.core import about
from nasgauge.studies.listing import references

ROOT = Path(__file__).parents[2]
FILE = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
PAPERS = ("ning2021evaluating", "ning2020surgery", "laube2021exploring", "yu2020train", "dong2020nasbench201")


def field(entry, name):
    found = re.search(rf"\b{name}=\{{(.*?)\}}[,}}]", entry)
    return found and found[1].replace("{", "").replace("}", "")


def test_version_licence_title_and_authors_are_the_packages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert FILE["cff-version"] == "1.2.0" and FILE["type"] == "software" and FILE["message"]
    assert str(FILE["version"]) == project["version"] == about.version()
    assert FILE["license"] == project["license"] and len(FILE["abstract"]) > 200
    assert FILE["title"] == about.TITLE
    assert FILE["authors"] == project["authors"] == [{"name": about.AUTHORS}]


def test_the_tools_entry_has_the_title_and_the_version():
    entry = about.bibtex()
    assert field(entry, "title") is not None and str(FILE["version"]) in field(entry, "note")
    assert entry.replace("{", "").replace("}", "").count(about.TITLE) == 1


@pytest.mark.parametrize("key", PAPERS)
def test_the_five_papers_stand_as_in_their_entries(key):
    entry = references()[key]
    [paper] = [paper for paper in FILE["references"] if paper["title"] == field(entry, "title")]
    assert str(paper["year"]) == field(entry, "year") and paper["type"] in ("article", "conference-paper")
    names = [f"{a['family-names']}, {a['given-names']}" for a in paper["authors"]]
    assert " and ".join(names) == field(entry, "author")
    assert len(FILE["references"]) == len(PAPERS)
