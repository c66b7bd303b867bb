"""Figures as files: each of the page's, with text that stays text, the same every time."""

import numpy as np
import pytest

from nasgauge.analyses import ANALYSES
from nasgauge.core.errors import UserError
from nasgauge.report import write_figures
from nasgauge.report.gallery import exhibits

SOME = ("rank_scatter", "reliability", "agreement", "top_cells", "cost_quality")


@pytest.mark.long
@pytest.mark.parametrize("kind", ["pdf", "svg"])
@pytest.mark.parametrize("names", [SOME, pytest.param(tuple(ANALYSES), marks=pytest.mark.full)], ids=["some", "all"])
def test_every_figure_of_the_page_becomes_a_file(bundle, tmp_path, monkeypatch, without_ink, kind, names):
    monkeypatch.setattr(ANALYSES, "_entries", {name: ANALYSES[name] for name in names})  # its order stays
    files = write_figures(bundle, tmp_path / "one", kind=kind)
    drawn = {name for name, exhibit in exhibits(bundle, rng=np.random.default_rng(0)).items() if exhibit.panels}
    assert {file.name for file in files} == {f"{name}.{kind}" for name in drawn | {"values"}} and len(drawn) > 4
    again = write_figures(bundle, tmp_path / "two", kind=kind)
    for one, other in zip(files, again, strict=True):
        content = one.read_bytes()
        assert content == other.read_bytes() and content.startswith(b"%PDF" if kind == "pdf" else b"<?xml")
    if kind == "svg":
        assert "synflow</text>" in (tmp_path / "one" / "rank_scatter.svg").read_text()


def test_mistakes_are_told(bundle, tmp_path):
    with pytest.raises(UserError, match="unknown format of figures 'png'; known: pdf, svg"):
        write_figures(bundle, tmp_path, kind="png")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_figures(bundle, tmp_path / "file", kind="svg")
