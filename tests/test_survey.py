"""A survey: a study for each benchmark, one table over all, resumed and reported like a study."""

import re
import tomllib

import pytest
from typer.testing import CliRunner

from nasgauge.cli import app
from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.core.store import Store
from nasgauge.report import panels, render_survey
from nasgauge.studies import survey
from nasgauge.studies.schema import Survey, is_survey

TEXT = """
title = "two spaces"
n_bootstrap = 30
[[parts]]
name = "cells"
benchmark = "digits-nb201"
archs = { n = 16, form = "paper" }
options = { zeroshot = { net = { channels = 4, n_cells = 1, n_stages = 1 } } }
[[parts]]
name = "residual"
benchmark = "digits-resnet"
archs = { n = 12 }
options = { zeroshot = { net = { channels = 2, depth_divisor = 8 } } }
[[estimators]]
name = "zeroshot"
proxies = ["n_params", "synflow", "random"]
batch_size = 8
"""


@pytest.fixture(scope="module")
def panels_without_ink():
    """The parts' pages without the drawings of analyses; those of the survey's own page and of all criteria stay."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(panels, "svg", lambda draw, size, **options: '<svg viewBox="0 0 72 72"></svg>')
        yield


@pytest.fixture(scope="module")
def done(tmp_path_factory, panels_without_ink):
    out = tmp_path_factory.mktemp("runs") / "survey"
    return out, survey.run_text(TEXT, out, where="two.toml", workers="serial")


def test_every_part_is_a_study_with_its_own_options():
    studies = parse(TEXT, Survey, "two.toml").studies()
    assert list(studies) == ["cells", "residual"] and is_survey(TEXT) and not is_survey("title = 1")
    nets = [study.estimators[0].options["net"] for study in studies.values()]
    assert nets == [{"channels": 4, "n_cells": 1, "n_stages": 1}, {"channels": 2, "depth_divisor": 8}]
    assert {study.n_bootstrap for study in studies.values()} == {30}


@pytest.mark.long
def test_the_contests_cover_every_estimator_of_every_part(done):
    out, found = done
    table = found.contests
    assert len(table) == 6 and table.groupby("part")["n"].first().to_dict() == {"cells": 16, "residual": 12}
    assert (table.groupby("part")["p_best"].sum() - 1).abs().max() < 1e-9
    for part, rows in table.groupby("part"):
        values = found.bundles[part].values.query("criterion == 'kendall_tau'").set_index("estimator")["value"]
        assert rows.set_index("estimator")["value"].sort_index().tolist() == values.sort_index().tolist()
        assert (out / part / "report.html").is_file()
    stored = Store.existing(out).read("contests")
    assert stored["estimator"].tolist() == table["estimator"].tolist()


@pytest.mark.long
def test_the_page_shows_one_table_and_who_wins_where_and_loads_nothing(done):
    out, found = done
    page = (out / "report.html").read_text()
    assert page == render_survey(found.title, found.bundles, found.contests)
    assert set(re.findall(r'href="([^"#][^"]*?\.html)"', page)) == {"cells/report.html", "residual/report.html"}
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    for part, rows in found.contests.groupby("part"):
        winner = rows.loc[rows["behind"].idxmin()]
        text = f"{winner['value']:.3f}".replace("0.", ".", 1).replace("-", "−")
        assert f"<b>{text}</b>" in page and f"<li>{part}: {winner['estimator']} at" in page
    assert "noise ceiling" in page and "not significant" in page


@pytest.mark.long
def test_a_finished_survey_is_resumed_reported_and_looked_at(done):
    out, _ = done
    page = (out / "report.html").read_bytes()
    survey.run_text(TEXT, out, where="two.toml", workers="serial")
    assert (out / "report.html").read_bytes() == page
    (out / "report.html").unlink()
    result = CliRunner().invoke(app, ["report", str(out)])
    assert result.exit_code == 0 and (out / "report.html").read_bytes() == page
    now = survey.status(out)
    assert now.n_tasks == now.n_done and now.errors.empty
    assert "0 remaining" in CliRunner().invoke(app, ["status", str(out)]).output


def test_a_part_not_begun_is_left(tmp_path):
    Store.open(tmp_path / "s", tomllib.loads(TEXT), TEXT)
    now = survey.status(tmp_path / "s")
    assert (now.n_tasks, now.n_done) == (2, 0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "residual"', 'name = "cells"', "the name 'cells' is taken"),
        ('name = "residual"', 'name = "../x"', "becomes part of a folder.s name"),
        ("zeroshot = { net = { channels = 2", "zeroshoot = { net = { channels = 2", "residual: unknown estimator"),
        ('form = "paper"', 'form = "papers"', "unknown canonical form of nb201 'papers'; nearest: paper"),
        ("n = 12", 'n = 12, form = "paper"', "unknown canonical form of nds-resnet 'paper'; known: identity"),
        ("digits-resnet", "digits-renset", "unknown benchmark 'digits-renset'"),
        ("depth_divisor = 8", "depth = 8", "unknown key 'depth'"),
        ('"synflow"', '"sinflow"', "unknown proxy"),
    ],
)
def test_mistakes_are_told_before_anything_is_done(tmp_path, old, new, message):
    with pytest.raises(UserError, match=message):
        survey.run_text(TEXT.replace(old, new), tmp_path / "out", where="two.toml", workers="serial")
    assert not (tmp_path / "out").exists()
