"""Published values on supernets: as printed, each with its source; a study shows those of criteria alone."""

from pathlib import Path

import pytest

from nasgauge.core.config import parse
from nasgauge.core.errors import UserError
from nasgauge.studies import published
from nasgauge.studies.checks import checked
from nasgauge.studies.published import published_values, values_beside
from nasgauge.studies.schema import Study
from nasgauge.studies.texts import study_text

NAMES = sorted(path.stem for path in (Path(published.__file__).parent / "shipped" / "published").glob("*.csv"))
PAPERS = r"Ning et al\. 2020 \(Surgery\)|Ning et al\. 2021|Yu et al\. 2021|Laube & Zell 2021"


@pytest.mark.parametrize("name", NAMES)
def test_every_row_has_its_source_and_no_row_stands_twice(name):
    table = published_values(name)
    assert len(table) > 5 and table["source"].str.fullmatch(rf"({PAPERS}), (Fig|Tab|Sec)\. A?[\d.]+").all()
    keys = [c for c in table.columns if c not in ("value", "deviation", "source", "statement", "sign")]
    assert not table.duplicated(keys).any()
    if "value" in table:
        assert table["value"].between(-1, 1).all()


def test_tau_a_of_the_variations_is_that_of_the_figures():
    table = (
        published_values("laube2021-tau-a").fillna("").set_index(["size", "mask", "transformers", "variation"])["value"]
    )
    assert table["S", "", "", "baseline"] == 0.07 and table["M", "none+pool", "", "clip"] == 0.36
    assert table["S", "none+conv3", "", "baseline"] == 0.71 and table["M", "", "skip+pool", "baseline"] == 1.0
    masks = table.xs(("S", "", "baseline"), level=("size", "transformers", "variation"))
    assert len(masks) == 16  # all fifteen masks of one and two operations


def test_supernets_of_ning2021_are_those_of_the_tables():
    samplers = published_values("ning2021-samplers").set_index(["space", "per_step", "criterion"])["value"]
    assert [samplers["nb301", n, "kendall_tau"] for n in ("1", "3", "5", "fairnas")] == [0.530, 0.515, 0.548, 0.527]
    assert samplers["nb101", "7", "precision_at_top"] == 0.244
    fair = published_values("ning2021-samplers-converged").query("per_step == 'fairnas'")
    assert fair.set_index(["space", "criterion"])["value"]["nb201", "kendall_tau"] == 0.711
    sampling = published_values("ning2021-isomorphism").set_index(["sampling", "epoch", "criterion", "at"])["value"]
    assert sampling["iso", 1000, "precision_at_top", 0.05] == 0.21259
    assert sampling["deiso", 600, "worst_rank_at", 0.001] == 0.11604
    trained = published_values("ning2021-inherited").set_index(["space", "estimator", "epoch", "criterion"])["value"]
    assert trained["nb301", "snip", 800, "kendall_tau"] == -0.314
    oneshot = published_values("ning2021-oneshot").set_index(["space", "epochs", "criterion"])["value"]
    assert oneshot["nb301", 1500, "precision_at_top"] == 0.435 and oneshot["nds-resnet", 1000, "best_rank_at"] == 0.003
    zero = published_values("ning2021-nb301-zeroshot").set_index(["estimator", "criterion"])["value"]
    assert zero["fisher", "kendall_tau"] == -0.158 and zero["macs", "precision_at_top"] == 0.282


def test_supernets_of_ning2020_are_those_of_the_tables():
    sampling = published_values("ning2020-isomorphism").set_index(["sampling", "epoch", "criterion", "at"])["value"]
    assert (
        sampling["iso", 600, "best_rank_at", 1] == 0.21555 and sampling["deiso", 1000, "best_rank_at", 0.05] == 0.00015
    )
    assert sampling["post_deiso", 200, "precision_at_top", 0.05] == 0.4613 and len(sampling) == 3 * 6 * 5
    samplers = published_values("ning2020-samplers").set_index(["cost", "per_step", "criterion"])["value"]
    assert samplers["equal_cost", "5", "kendall_tau"] == 0.6714
    assert samplers["equal_epochs", "fairnas", "best_rank_at"] == 0.00031
    spread = published_values("ning2020-deviations").set_index(["of", "epoch", "quantity"])["deviation"]
    assert spread["supernet", 200, "rank_std"] == 162 and spread["supernet", 1000, "accuracy_std"] == 0.000911


def test_a_study_shows_values_of_criteria_alone():
    assert len(values_beside("ning2021-nb201-zeroshot")) > 10
    with pytest.raises(UserError, match="'laube2021-tau-a': its rows are not values of criteria"):
        values_beside("laube2021-tau-a")


@pytest.mark.parametrize(
    ("name", "says"), [("yu2021-factors", "not values of criteria"), ("yu2022", "unknown published")]
)
def test_a_table_that_cannot_be_shown_is_refused_before_any_work(name, says, tmp_path):
    text = study_text("quickstart")
    with pytest.raises(UserError, match=says):
        checked(parse(f'published = "{name}"\n{text}', Study, "quick"))
